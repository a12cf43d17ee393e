// SPDX-License-Identifier: MPL-2.0
//! The functions that answer texts: golden files, and what no input may do to them.

use std::collections::BTreeMap;

use appenv::function::{ArgocdApplication, Runbook};
use proptest::prelude::*;
use tfplugin::function::Function;
use tfplugin::value::Value;
use yaml_rust2::{Yaml, YamlLoader};

use super::super::{list, object};

fn call<F: Function<Arguments = (String, Option<String>, Value), Output = String>>(
    function: &F,
    app: &str,
    env: Option<&str>,
    options: Value,
) -> Result<String, String> {
    let answer = function.call((app.to_owned(), env.map(str::to_owned), options));
    answer.map_err(|error| error.message)
}

fn golden(file: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{file}: UPDATE_GOLDEN=1 writes it");
}

fn argocd(own: Value) -> Value {
    object([("argocd", own)])
}

fn repo() -> (&'static str, Value) {
    ("repo_url", "https://git.arcodange.lab/arcodange-org/erp.git".into())
}

/// What every key of `runbook` may say.
fn whole() -> Value {
    object([
        ("server", list(["staging.karmyq.example, 192.0.2.10", "key: ~/.ssh/karmyq_staging"])),
        ("database_host", "db.karmyq.example:5432".into()),
        ("health_url", "https://staging.karmyq.example/health".into()),
        ("access", "VPN first; ask #ops for an account".into()),
        ("backup", list(["pg_dump every night at 02:00", "restore with pg_restore"])),
        ("deploy", "git pull\nnpm ci\npm2 restart ecosystem.config.js\n".into()),
        ("rollback", list(["git checkout the tag before", "pm2 restart all"])),
        (
            "issues",
            Value::List(vec![
                object([
                    ("symptom", "No connection to the database".into()),
                    ("fix", "look at the lease, then restart".into()),
                ]),
                "Disk full".into(),
            ]),
        ),
        ("monitoring", "https://grafana.example/d/karmyq".into()),
        ("alerts", list(["health check fails for 5 minutes"])),
        (
            "contacts",
            Value::List(vec![
                object([
                    ("name", "Ada".into()),
                    ("role", "on call".into()),
                    ("reach", "+33 1 23 45 67 89".into()),
                ]),
                object([("name", "ops@example.org".into())]),
            ]),
        ),
    ])
}

#[test]
fn an_application_has_the_names_of_its_instance() {
    let production = call(&ArgocdApplication, "erp", None, argocd(object([repo()]))).unwrap();
    golden("argocd-erp-prod.yaml", &production);
    let own = object([
        repo(),
        ("path", "chart".into()),
        ("target_revision", "2026_01".into()),
        ("project", "apps".into()),
        ("namespace", "argo".into()),
        ("destination_server", "https://10.0.0.1:6443".into()),
        ("finalizer", true.into()),
        ("create_namespace", true.into()),
        ("sync", object([("prune", true.into()), ("self_heal", true.into())])),
        (
            "values",
            object([
                ("replicas", Value::Number(2.into())),
                ("host", "erp-sandbox.arcodange.lab".into()),
                ("empty", object([])),
                ("list", list(["1e3", "yes", "- a"])),
                ("off", "two\nlines: \u{1f600}\u{85}".into()),
            ]),
        ),
    ]);
    let sandbox = call(&ArgocdApplication, "erp", Some("sandbox"), argocd(own)).unwrap();
    golden("argocd-erp-sandbox.yaml", &sandbox);
}

#[test]
fn what_an_application_cannot_be_made_of_is_refused_by_name() {
    for (options, says) in [
        (Value::Null, "`argocd` is missing"),
        (argocd(object([])), "`argocd.repo_url` is missing"),
        (argocd(object([repo(), ("pth", "x".into())])), "`argocd` has no key \"pth\""),
        (
            argocd(object([("repo_url", "https://u:p@git/x".into())])),
            "`argocd.repo_url` holds a password",
        ),
        (
            argocd(object([("repo_url", "https://token@git/x".into())])),
            "`argocd.repo_url` holds a password",
        ),
        (argocd(object([repo(), ("path", "".into())])), "`argocd.path` is empty"),
        (
            argocd(object([repo(), ("sync", object([("selfheal", true.into())]))])),
            "`argocd.sync` has no key \"selfheal\"",
        ),
        (argocd(object([repo(), ("values", "a: b".into())])), "`argocd.values` is a string"),
        (
            argocd(object([repo(), ("helm", false.into()), ("values", object([]))])),
            "`argocd.helm` is false",
        ),
        (object([("argcd", Value::Null)]), "It has no key \"argcd\""),
        (object([("runbook", Value::Null)]), "It has no key \"runbook\""),
    ] {
        let refused = call(&ArgocdApplication, "erp", None, options).unwrap_err();
        assert!(refused.contains(says), "{says}: {refused}");
        assert!(!refused.contains("u:p"), "{refused}");
    }
}

#[test]
fn a_runbook_says_what_is_known_and_what_to_fill_in() {
    let environments = list(["production", "staging"]);
    let options = |own: Value| {
        object([
            ("convention", "underscored-v1".into()),
            ("environments", environments.clone()),
            ("domain", "karmyq.example".into()),
            ("organization", "karmyq".into()),
            ("root", "/opt".into()),
            ("runbook", own),
        ])
    };
    golden(
        "runbook-karmyq-staging.md",
        &call(&Runbook, "karmyq", Some("staging"), options(whole())).unwrap(),
    );
    golden("runbook-erp-prod.md", &call(&Runbook, "erp", None, Value::Null).unwrap());
    for (own, says) in [
        (object([("serve", "x".into())]), "`runbook` has no key \"serve\""),
        (
            object([("contacts", list(["a"])), ("issues", "x".into())]),
            "`runbook.issues` is a string",
        ),
        (
            object([("contacts", Value::List(vec![object([("role", "x".into())])]))]),
            "`runbook.contacts[0]` has no name",
        ),
        (
            object([("health_url", "https://u:p@x/".into())]),
            "`runbook.health_url` holds a password",
        ),
    ] {
        let refused = call(&Runbook, "karmyq", Some("staging"), options(own)).unwrap_err();
        assert!(refused.contains(says), "{says}: {refused}");
    }
}

const SECTIONS: [&str; 10] = [
    "Server",
    "Database",
    "Locations",
    "Access",
    "Backup",
    "Deploy",
    "Roll back",
    "Issues",
    "Alerts",
    "Contacts",
];

/// Headings outside of code blocks, as CommonMark has them: at most three spaces, then `#`s; or a line underlined.
fn headings(page: &str) -> Vec<String> {
    let mut headings = Vec::new();
    let mut fence: Option<usize> = None;
    let mut before = "";
    for line in page.lines() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        match fence {
            Some(open) if ticks >= open && line.trim_end().len() == ticks => fence = None,
            Some(_) => {}
            None if ticks >= 3 => fence = Some(ticks),
            None => {
                let text = line.trim_start();
                if text.starts_with('#') {
                    headings.push(line.to_owned());
                }
                let underline = !text.is_empty() && text.chars().all(|c| c == '=' || c == '-');
                assert!(!underline || before.trim().is_empty(), "{before}\n{line}");
            }
        }
        before = line;
    }
    assert_eq!(fence, None, "a block does not end");
    headings
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~\\n]{0,30}",
        "\\PC{0,20}",
        prop::sample::select(vec![
            "# x",
            "\n# x",
            "```\n# x",
            "~~~",
            "---",
            "a\n===",
            "<h1>",
            "- ",
            "\u{2028}# x",
            "\r# x",
            "    # x",
            "yes",
            "1_000",
            "2026-01-01",
            "~",
            "null",
            "0x1",
            ": a",
            "'",
            "\"",
            "{a}",
            "&a",
            "*a",
            "!!int 1",
            "a #b",
            "\u{7f}",
            "\u{85}",
            "\u{feff}",
            "é",
        ])
        .prop_map(str::to_owned),
    ]
}

/// A string of YAML as it is read back.
fn read(value: &Yaml) -> Option<&str> {
    value.as_str()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_runbook_has_its_headings_in_order_whatever_is_in_it(
        texts in prop::collection::vec(words(), 11),
        lines in prop::collection::vec(words(), 0..4),
        env in prop::sample::select(vec!["prod", "staging", "sandbox", "dev"]),
    ) {
        let own = object([
            ("server", texts[0].clone().into()),
            ("database_host", texts[1].clone().into()),
            ("access", Value::List(lines.iter().cloned().map(Value::from).collect())),
            ("backup", texts[2].clone().into()),
            ("deploy", texts[3].clone().into()),
            ("rollback", Value::List(lines.iter().cloned().map(Value::from).collect())),
            ("monitoring", texts[4].clone().into()),
            ("alerts", texts[5].clone().into()),
            ("issues", Value::List(vec![object([
                ("symptom", texts[6].clone().into()),
                ("fix", texts[7].clone().into()),
            ])])),
            ("contacts", Value::List(vec![object([
                ("name", texts[8].clone().into()),
                ("role", texts[9].clone().into()),
                ("reach", texts[10].clone().into()),
            ])])),
        ]);
        let page = call(&Runbook, "erp", Some(env), object([("runbook", own)])).unwrap();
        let instance = if env == "prod" { "erp".to_owned() } else { format!("erp-{env}") };
        let mut expected = vec![format!("# {instance}")];
        expected.extend(SECTIONS.map(|section| format!("## {section}")));
        prop_assert_eq!(headings(&page), expected);
    }

    #[test]
    fn an_application_reads_back_as_it_was_meant(
        path in words(),
        values in prop::collection::btree_map(words(), words(), 0..4),
    ) {
        let values: BTreeMap<String, String> = values;
        let own = object([
            repo(),
            ("path", path.clone().into()),
            ("values", Value::Map(values.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect())),
        ]);
        let text = match call(&ArgocdApplication, "erp", Some("dev"), argocd(own)) {
            Ok(text) => text,
            Err(why) => {
                prop_assert!(path.trim().is_empty() || path.contains(char::is_control), "{}", why);
                return Ok(());
            }
        };
        let documents = YamlLoader::load_from_str(&text).unwrap();
        prop_assert_eq!(documents.len(), 1);
        let source = &documents[0]["spec"]["source"];
        prop_assert_eq!(read(&source["path"]), Some(path.as_str()));
        for (key, value) in &values {
            prop_assert_eq!(read(&source["helm"]["valuesObject"][key.as_str()]), Some(value.as_str()), "{}", text);
        }
    }
}
