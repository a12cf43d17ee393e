// SPDX-License-Identifier: MPL-2.0
//! `terraform test` of each example: it passes, and with one wrong name it fails and says which. And what its README names is
//! there.

use std::fs;
use std::path::Path;

use acceptance::{Cli, Workspace, provider};

use super::{follow, said};

/// A mistake that is easily made: in which file of which example, what stood there, what stands there now, and what its
/// tests say of it.
const MISTAKES: [(&str, &str, &str, &str, &str); 8] = [
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
        "smartstack",
        "main.tf",
        "data \"appenv_names\" \"this\" {\n  app = appenv_app_instance.this.app\n  env = appenv_app_instance.this.env",
        "data \"appenv_names\" \"this\" {\n  app = appenv_app_instance.this.app\n  env = \"prod\"",
        "Logs must be kept for as long as the environment of this state says.",
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
        "= each.key",
        "= \"sandbox\"",
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

/// What has a README.
const EXAMPLES: [&str; 6] = ["quickstart", "host-only", "arcodange", "smartstack", "karmyq", "ci"];

#[test]
fn a_fresh_copy_is_tested_by_the_command_of_its_readme() {
    for cli in Cli::all() {
        let ws = Workspace::new(cli).without_trace();
        ws.copy_from("examples/arcodange/shared");
        ws.use_mirror();
        assert_eq!(ws.test().code, Some(1), "a fresh copy has no provider");
        let command = said("arcodange", &["terraform init -backend=false && terraform test"]);
        let said = follow(&ws, &command);
        assert!(said.contains("Success!"), "{said}");
    }
    for example in EXAMPLES {
        let path = provider::root().join("examples").join(example).join("README.md");
        let readme = fs::read_to_string(path).unwrap();
        let said = readme.matches("\nterraform init -backend=false && terraform test").count();
        assert_eq!(said, 1, "{example} does not say how it is tested");
    }
}

#[test]
fn what_a_readme_names_is_there() {
    for example in EXAMPLES {
        let dir = provider::root().join("examples").join(example);
        let readme = fs::read_to_string(dir.join("README.md")).unwrap();
        let after = |word: &str, until: &[char]| -> Vec<String> {
            let parts = readme.split(word).skip(1);
            parts.map(|part| part.split(until).next().unwrap().to_owned()).collect()
        };
        let mut named = after("](", &[')']);
        named.extend(after("-var-file=", &[' ', '\n', '`']));
        assert!(!named.is_empty(), "{example}");
        for path in named.iter().filter(|path| !path.starts_with("http")) {
            assert!(dir.join(Path::new(path)).exists(), "{example} names {path}");
        }
    }
    // And the project's own page names each example.
    let page = fs::read_to_string(provider::root().join("README.md")).unwrap();
    for entry in fs::read_dir(provider::root().join("examples")).unwrap().flatten() {
        let readme = format!("examples/{}/README.md", entry.file_name().to_str().unwrap());
        let is_example = provider::root().join(&readme).exists();
        assert!(!is_example || page.contains(&readme), "README.md does not name {readme}");
    }
}
