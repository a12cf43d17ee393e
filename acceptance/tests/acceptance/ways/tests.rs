//! `terraform test` of each example: it passes, and with one wrong name it fails and says which.

use acceptance::{Cli, Workspace};

/// A mistake that is easily made: in which file of which example, what stood there, what stands there now, and what its
/// tests say of it.
const MISTAKES: [(&str, &str, &str, &str, &str); 7] = [
    (
        "quickstart",
        "main.tf",
        "app = \"erp\"\n  env = \"sandbox\"",
        "app = \"epr\"\n  env = \"sandbox\"",
        "The sandbox must be called erp-sandbox.",
    ),
    (
        "host-only",
        "main.tf",
        "env       = \"staging\"",
        "env       = \"dev\"",
        "Secrets of staging must lie in /opt/karmyq/secrets/staging.",
    ),
    (
        "arcodange/shared",
        "main.tf",
        "= each.value.env",
        "= \"prod\"",
        "Each instance must have the coordinate that its key is the name of.",
    ),
    (
        "arcodange/per-env",
        "main.tf",
        "= var.env",
        "= \"sandbox\"",
        "The state of erp in production must be erp/main.",
    ),
    (
        "smartstack",
        "main.tf",
        "= \"smartstack\"",
        "= \"smart-stack\"",
        "Services of dev must be called smartstack-dev-<service>.",
    ),
    (
        "karmyq",
        "main.tf",
        "= names.value.database",
        "= \"karmyq_production\"",
        "Until it is renamed, production must keep database and owner karmyq_prod.",
    ),
    (
        "ci",
        "main.tf",
        "env = each.key",
        "env = \"sandbox\"",
        "This repository must have the instances erp and erp-sandbox.",
    ),
];

#[test]
fn an_example_passes_its_tests_and_fails_them_with_a_wrong_name() {
    for cli in Cli::all() {
        for (example, file, from, to, told) in MISTAKES {
            let ws = Workspace::new(cli).without_trace();
            ws.copy_from(&format!("examples/{example}"));
            let run = ws.test();
            assert_eq!(run.code, Some(0), "{example}: {run}");
            assert!(run.stdout.contains("Success!") && !run.stdout.contains(" 0 passed"), "{run}");

            ws.edit(file, from, to);
            let run = ws.test();
            assert_eq!(run.code, Some(1), "{example} with {to:?}: {run}");
            let words = run.text().split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("Test assertion failed"), "{example} with {to:?}: {run}");
            assert!(words.contains(told), "{example} with {to:?} does not say {told:?}: {run}");
        }
    }
}
