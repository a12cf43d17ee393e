#![allow(clippy::unwrap_used)]
// SPDX-License-Identifier: MPL-2.0

use super::*;
use crate::gate::state::{Verdict, judge};

/// What the gate says of a backend in a workspace: `true` match, `false` mismatch.
fn verdict(
    kind: &str,
    config: &str,
    workspace: &str,
    env: &'static [(&'static str, &'static str)],
    prefix: &str,
) -> bool {
    let shapes = [
        format!(
            r#""terraform_version":"1.11.4","backend":{{"type":"{kind}","config":{config},"hash":7}}"#
        ),
        format!(r#""backend":{{"type":"{kind}","config":{config},"hash":7}}"#),
        format!(
            r#""serial":3,"lineage":"0e0a","backend":{{"type":"{kind}","config":{config},"hash":7}},"modules":[]"#
        ),
    ];
    let found = shapes.map(|shape| {
        let text = format!(r#"{{"version":3,{shape}}}"#);
        let found = of(&cached(&text, workspace), &world(env));
        match judge(&found, prefix) {
            Verdict::Match => true,
            Verdict::Mismatch(_) => false,
            Verdict::Undeterminable(why) => panic!("{kind} {config}: {why}"),
        }
    });
    assert!(found.iter().all(|one| *one == found[0]), "{kind} {config}: {found:?}");
    found[0]
}

fn cached(text: &str, workspace: &str) -> Cached {
    Cached::parse("f", text).unwrap().in_workspace(Some(workspace.to_owned()), false)
}

fn world(env: &'static [(&'static str, &'static str)]) -> World {
    let env = |name: &str| {
        env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    World::with(env, "/repo/erp/main")
}

/// Backend, its arguments, workspace, and the prefix of `erp` in production and in `sandbox` that it fits.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

const MAIN: &[&str] = &["erp/main"];
const SANDBOX: &[&str] = &["erp/sandbox"];
const NONE: &[&str] = &[];

const ROWS: &[Row] = &[
    // The directory counts where the path is relative.
    ("local", r#"{"path":null,"workspace_dir":null}"#, "default", MAIN),
    ("local", r#"{"path":"terraform.tfstate"}"#, "default", MAIN),
    ("local", r#"{"path":"../sandbox/terraform.tfstate"}"#, "default", SANDBOX),
    ("local", r#"{"path":"/s/erp/sandbox/./x.tfstate"}"#, "default", SANDBOX),
    ("local", r#"{"path":"/s/erp/sandbox"}"#, "default", SANDBOX),
    ("local", r#"{"path":"/s/erp-sandbox/terraform.tfstate"}"#, "default", NONE),
    ("local", r#"{"path":"/s/shop/sandbox/terraform.tfstate"}"#, "default", NONE),
    // Elsewhere `path` is not used.
    ("local", r#"{"path":"/s/erp/main/terraform.tfstate"}"#, "sandbox", NONE),
    ("local", r#"{"path":null,"workspace_dir":"/s/erp"}"#, "sandbox", SANDBOX),
    ("local", r#"{"path":null,"workspace_dir":"/s/erp"}"#, "main", MAIN),
    ("local", r#"{"path":null,"workspace_dir":"/s/erp"}"#, "default", MAIN),
    ("local", r#"{"path":null,"workspace_dir":null}"#, "sandbox", NONE),
    ("s3", r#"{"bucket":"b","key":"erp/main/terraform.tfstate"}"#, "default", MAIN),
    ("s3", r#"{"bucket":"b","key":"erp/main"}"#, "default", MAIN),
    ("s3", r#"{"bucket":"b","key":"/live/erp/sandbox/x.tfstate"}"#, "default", SANDBOX),
    ("s3", r#"{"bucket":"b","key":"erp/sandbox.tfstate"}"#, "default", NONE),
    ("s3", r#"{"bucket":"b","key":"shop-erp/main/terraform.tfstate"}"#, "default", NONE),
    ("s3", r#"{"bucket":"b","key":"erp/main/old/terraform.tfstate"}"#, "default", NONE),
    ("s3", r#"{"bucket":"b","key":"terraform.tfstate"}"#, "default", NONE),
    // A key that serves every environment, told apart by the workspace.
    ("s3", r#"{"bucket":"b","key":"erp/terraform.tfstate"}"#, "default", NONE),
    ("s3", r#"{"bucket":"b","key":"erp/terraform.tfstate"}"#, "sandbox", SANDBOX),
    ("s3", r#"{"bucket":"b","key":"erp/terraform.tfstate"}"#, "main", MAIN),
    ("s3", r#"{"bucket":"b","key":"x.tfstate","workspace_key_prefix":"erp"}"#, "sandbox", SANDBOX),
    ("s3", r#"{"bucket":"b","key":"x.tfstate","workspace_key_prefix":"a/erp"}"#, "main", MAIN),
    ("s3", r#"{"bucket":"b","key":"x.tfstate","workspace_key_prefix":"erp"}"#, "default", NONE),
    ("s3", r#"{"bucket":"b","key":"erp/sandbox/terraform.tfstate"}"#, "sandbox", SANDBOX),
    // The state of production, in another workspace, is another one.
    ("s3", r#"{"bucket":"b","key":"erp/main/terraform.tfstate"}"#, "sandbox", NONE),
    ("oci", r#"{"bucket":"b","key":"erp/main/terraform.tfstate"}"#, "default", MAIN),
    ("oci", r#"{"bucket":"b","key":"x.tfstate","workspace_key_prefix":"erp"}"#, "main", MAIN),
    ("oci", r#"{"bucket":"b","key":"erp/main/terraform.tfstate"}"#, "sandbox", NONE),
    ("gcs", r#"{"bucket":"b","prefix":"erp/main"}"#, "default", MAIN),
    ("gcs", r#"{"bucket":"b","prefix":"erp/main/"}"#, "default", MAIN),
    ("gcs", r#"{"bucket":"b","prefix":"erp"}"#, "default", NONE),
    ("gcs", r#"{"bucket":"b","prefix":"erp"}"#, "sandbox", SANDBOX),
    ("gcs", r#"{"bucket":"b","prefix":"erp/main"}"#, "sandbox", NONE),
    ("gcs", r#"{"bucket":"b","prefix":null}"#, "default", NONE),
    (
        "azurerm",
        r#"{"storage_account_name":"a","container_name":"c","key":"erp/main/t.tfstate"}"#,
        "default",
        MAIN,
    ),
    ("azurerm", r#"{"storage_account_name":null,"key":"erp/main"}"#, "default", MAIN),
    (
        "azurerm",
        r#"{"storage_account_name":"a","container_name":"c","key":"erp/t.tfstate"}"#,
        "sandbox",
        SANDBOX,
    ),
    (
        "azurerm",
        r#"{"storage_account_name":"a","container_name":"c","key":"erp/main"}"#,
        "sandbox",
        NONE,
    ),
    ("consul", r#"{"address":"consul:8500","path":"tf/erp/main"}"#, "default", MAIN),
    ("consul", r#"{"path":"tf/erp"}"#, "sandbox", SANDBOX),
    ("consul", r#"{"path":"tf/erp/main"}"#, "sandbox", NONE),
    ("cos", r#"{"bucket":"b","prefix":"erp/main","key":null}"#, "default", MAIN),
    ("cos", r#"{"bucket":"b","prefix":null,"key":"erp/main/terraform.tfstate"}"#, "default", MAIN),
    ("cos", r#"{"bucket":"b","prefix":"erp","key":null}"#, "default", NONE),
    ("cos", r#"{"bucket":"b","prefix":"erp","key":null}"#, "sandbox", SANDBOX),
    ("cos", r#"{"bucket":"b","prefix":"erp/main","key":null}"#, "sandbox", NONE),
    ("oss", r#"{"bucket":"b","prefix":"erp/main","key":null}"#, "default", MAIN),
    ("oss", r#"{"bucket":"b","prefix":null,"key":"erp/main/terraform.tfstate"}"#, "default", MAIN),
    ("oss", r#"{"bucket":"b","prefix":null,"key":"erp/terraform.tfstate"}"#, "sandbox", SANDBOX),
    ("oss", r#"{"bucket":"b","prefix":"erp/main","key":null}"#, "sandbox", NONE),
    ("pg", r#"{"conn_str":"postgres://u:hunter2@h/d","schema_name":"erp_main"}"#, "default", MAIN),
    ("pg", r#"{"schema_name":"erp"}"#, "sandbox", SANDBOX),
    ("pg", r#"{"schema_name":"erp_sandbox"}"#, "sandbox", SANDBOX),
    ("pg", r#"{"schema_name":"erp_main"}"#, "sandbox", NONE),
    ("pg", r#"{"schema_name":"shop_erp_main"}"#, "default", NONE),
    ("pg", r#"{"schema_name":null}"#, "default", NONE),
    ("pg", r#"{"schema_name":"tf","table_name":"erp_main"}"#, "default", MAIN),
    ("pg", r#"{"schema_name":"erp_main","table_name":null}"#, "default", MAIN),
    ("pg", r#"{"schema_name":"erp","table_name":"main"}"#, "default", MAIN),
    ("kubernetes", r#"{"secret_suffix":"erp-main","namespace":"ops"}"#, "default", MAIN),
    ("kubernetes", r#"{"secret_suffix":"erp"}"#, "sandbox", SANDBOX),
    ("kubernetes", r#"{"secret_suffix":"erp-main"}"#, "sandbox", NONE),
    ("kubernetes", r#"{"secret_suffix":"shop-erp-main"}"#, "default", NONE),
    ("http", r#"{"address":"https://h/state/erp/main"}"#, "default", MAIN),
    ("http", r#"{"address":"https://h/state/erp-main"}"#, "default", MAIN),
    ("http", r#"{"address":"https://h/state/erp%2Fmain"}"#, "default", MAIN),
    (
        "http",
        r#"{"address":"https://u:hunter2@h/state/erp/main/terraform.tfstate#x"}"#,
        "default",
        MAIN,
    ),
    ("http", r#"{"address":"https://h/state?token=hunter2&name=erp-main"}"#, "default", MAIN),
    // It has no workspaces.
    ("http", r#"{"address":"https://h/state/erp-main"}"#, "sandbox", MAIN),
    ("http", r#"{"address":"https://h/state/shop-erp-main"}"#, "default", NONE),
    ("http", r#"{"address":"https://h/state/erp"}"#, "default", NONE),
    ("http", r#"{"address":"https://h"}"#, "default", NONE),
];

#[test]
fn every_backend_in_every_shape_and_workspace() {
    for (kind, config, workspace, fits) in ROWS {
        for prefix in ["erp/main", "erp/sandbox", "shop/main"] {
            assert_eq!(
                verdict(kind, config, workspace, &[], prefix),
                fits.contains(&prefix),
                "{kind} {config} in {workspace}: {prefix}"
            );
        }
    }
}

#[test]
fn one_state_fits_no_two_instances() {
    for (.., fits) in ROWS {
        assert!(fits.len() < 2);
    }
    // Whatever an app is called, its dashes are not read as the separators of a prefix.
    for (kind, config) in [
        ("kubernetes", r#"{"secret_suffix":"shop-erp-main"}"#),
        ("pg", r#"{"schema_name":"shop-erp_main"}"#),
        ("http", r#"{"address":"https://h/shop-erp-main"}"#),
        ("s3", r#"{"bucket":"b","key":"shop-erp/main"}"#),
    ] {
        assert!(verdict(kind, config, "default", &[], "shop-erp/main"), "{kind}");
        assert!(!verdict(kind, config, "default", &[], "erp/main"), "{kind}");
    }
}

#[test]
fn prefixes_that_users_write() {
    let s3 = |key: &str, workspace: &str, prefix: &str| {
        let config = format!(r#"{{"bucket":"b","key":"{key}"}}"#);
        verdict("s3", &config, workspace, &[], prefix)
    };
    assert!(s3("platform/terraform.tfstate", "default", "platform"));
    assert!(s3("platform/terraform.tfstate", "default", "platform/terraform.tfstate"));
    assert!(s3("x/erp-sandbox/terraform.tfstate", "default", "erp-sandbox"));
    // A workspace for each instance, and one for each env above the app.
    assert!(s3("terraform.tfstate", "erp-sandbox", "erp-sandbox"));
    assert!(s3("erp", "sandbox", "sandbox/erp"));
    assert!(s3("erp/main/terraform.tfstate", "eu", "eu/erp/main"));
    assert!(!s3("erp/main/terraform.tfstate", "eu", "erp/main"));
    // Workspaces that are regions, in every backend that has them.
    for (kind, config) in [
        ("local", r#"{"workspace_dir":"/s/erp/main"}"#),
        ("s3", r#"{"key":"erp/main/terraform.tfstate"}"#),
        ("gcs", r#"{"prefix":"erp/main"}"#),
        ("azurerm", r#"{"key":"erp/main/terraform.tfstate"}"#),
        ("consul", r#"{"path":"erp/main"}"#),
        ("cos", r#"{"prefix":"erp/main"}"#),
        ("oss", r#"{"prefix":"erp/main"}"#),
        ("pg", r#"{"schema_name":"erp_main"}"#),
        ("kubernetes", r#"{"secret_suffix":"erp-main"}"#),
    ] {
        assert!(verdict(kind, config, "eu", &[], "erp/main/eu"), "{kind}");
        assert!(!verdict(kind, config, "us", &[], "erp/main/eu"), "{kind}");
    }
    let of = |kind, config, workspace, prefix| verdict(kind, config, workspace, &[], prefix);
    assert!(of("pg", r#"{"schema_name":"infra_erp"}"#, "sandbox", "infra/erp/sandbox"));
    assert!(of("pg", "{}", "erp-sandbox", "erp-sandbox"));
    assert!(of("kubernetes", r#"{"secret_suffix":"erp"}"#, "sandbox", "sandbox/erp"));
}

#[test]
fn what_a_backend_takes_from_the_environment() {
    let null = r#"{"schema_name":null,"address":null}"#;
    assert!(verdict("pg", null, "default", &[("PG_SCHEMA_NAME", "erp_main")], "erp/main"));
    assert!(!verdict("pg", null, "default", &[("PG_SCHEMA_NAME", "erp_dev")], "erp/main"));
    let own = r#"{"schema_name":"erp_main","address":"https://h/erp-main"}"#;
    assert!(verdict("pg", own, "default", &[("PG_SCHEMA_NAME", "erp_dev")], "erp/main"));
    let http = &[("TF_HTTP_ADDRESS", "https://h/erp-dev")];
    assert!(verdict("http", null, "default", http, "erp/dev"));
    assert!(verdict("http", own, "default", http, "erp/main"));
    // Terraform has no such argument, so its cached backend has none either.
    let table = &[("PG_TABLE_NAME", "erp_main")];
    assert!(!verdict("pg", "{}", "default", table, "erp/main"));
    assert!(verdict("pg", r#"{"table_name":null}"#, "default", table, "erp/main"));
}

#[test]
fn what_cannot_be_told() {
    let why = |kind: &str, config: &str| {
        let text = format!(r#"{{"version":3,"backend":{{"type":"{kind}","config":{config}}}}}"#);
        of(&cached(&text, "default"), &world(&[])).unwrap_err()
    };
    let missing = |backend, argument| Unreadable::Missing { backend, argument };
    for (kind, config, told) in [
        ("cloud", r#"{"organization":"acme"}"#, Unreadable::Remote("cloud")),
        (
            "cloud",
            r#"{"hostname":"app.terraform.io","organization":"acme","token":"hunter2","workspaces":{"name":"erp-main"}}"#,
            Unreadable::Remote("cloud"),
        ),
        (
            "remote",
            r#"{"organization":"acme","token":"hunter2","workspaces":[{"name":null,"prefix":"erp-"}]}"#,
            Unreadable::Remote("remote"),
        ),
        ("remote", "{}", Unreadable::Remote("remote")),
        ("swift", "{}", Unreadable::Unknown("swift".to_owned())),
        ("S3", r#"{"key":"erp/main"}"#, Unreadable::Unknown("S3".to_owned())),
        ("s3", r#"{"bucket":"b","key":null}"#, missing(Backend::S3, "key")),
        ("oci", r#"{"key":""}"#, missing(Backend::Oci, "key")),
        ("azurerm", r#"{"key":7}"#, missing(Backend::Azurerm, "key")),
        ("consul", "{}", missing(Backend::Consul, "path")),
        ("kubernetes", "null", missing(Backend::Kubernetes, "secret_suffix")),
        ("http", r#"{"address":null}"#, missing(Backend::Http, "address")),
        ("http", r#"{"address":"u:hunter2@h/erp-main"}"#, missing(Backend::Http, "address")),
    ] {
        let found = why(kind, config);
        assert_eq!(found, told, "{kind} {config}");
        assert!(!found.to_string().contains("hunter2"), "{found}");
    }
}

#[test]
fn users_are_shown_no_credential() {
    let shown = |kind: &str, config: &str, workspace: &str| {
        let text = format!(r#"{{"version":3,"backend":{{"type":"{kind}","config":{config}}}}}"#);
        let address = of(&cached(&text, workspace), &world(&[])).unwrap();
        let all = format!("{address:?} {:?}", address.remedy("erp/main"));
        assert!(kind == "http" || !all.contains("hunter2"), "{all}");
        (address.shown.clone(), address.remedy("erp/main").value)
    };
    for (kind, config, workspace, told, value) in [
        (
            "http",
            r#"{"address":"https://u:hunter2@h:8443/state/shop-main?token=hunter2#hunter2"}"#,
            "default",
            "https://h:8443/state/shop-main",
            "https://h:8443/state/erp-main",
        ),
        (
            "pg",
            r#"{"conn_str":"postgres://u:hunter2@h/d","schema_name":"shop"}"#,
            "default",
            "pg:shop/default",
            "erp_main",
        ),
        (
            "consul",
            r#"{"address":"https://u:hunter2@consul","access_token":"hunter2","path":"shop"}"#,
            "dev",
            "consul://consul/shop-env:dev",
            "erp/main",
        ),
        (
            "s3",
            r#"{"bucket":"b","key":"shop/x.tfstate","access_key":"hunter2","secret_key":"hunter2"}"#,
            "dev",
            "s3://b/env:/dev/shop/x.tfstate",
            "erp/main/terraform.tfstate",
        ),
        (
            "s3",
            r#"{"key":"shop\n/x"}"#,
            "default",
            "key shop\\n/x of \"s3\"",
            "erp/main/terraform.tfstate",
        ),
        (
            "cos",
            r#"{"bucket":"b","prefix":"shop","secret_key":"hunter2"}"#,
            "dev",
            "cos://b/shop/dev/terraform.tfstate",
            "erp/main/terraform.tfstate",
        ),
        (
            "oss",
            r#"{"bucket":"b","key":"shop","secret_key":"hunter2"}"#,
            "default",
            "oss://b/env:/shop",
            "erp/main/terraform.tfstate",
        ),
        (
            "kubernetes",
            r#"{"secret_suffix":"shop","token":"hunter2","password":"hunter2"}"#,
            "default",
            "kubernetes:default/tfstate-default-shop",
            "erp-main",
        ),
        (
            "gcs",
            r#"{"bucket":"b","prefix":"shop","credentials":"hunter2"}"#,
            "default",
            "gs://b/shop/default.tfstate",
            "erp/main",
        ),
    ] {
        let (shown, written) = shown(kind, config, workspace);
        assert_eq!((shown.as_str(), written.as_str()), (told, value), "{kind}");
    }
}

proptest::proptest! {
    /// Whatever a file holds, there is a verdict, and the remedy that is told can be read again.
    #[test]
    fn no_file_makes_it_fail(
        kind in "local|s3|gcs|azurerm|consul|cos|oss|oci|pg|kubernetes|http|cloud|\\PC{0,4}",
        key in "\\PC{0,24}|(https?://)?[a-z@:/?=&#%.-]{0,24}",
        workspace in "[a-z./-]{0,6}",
        prefix in "[a-z./-]{0,12}",
    ) {
        let arguments = ["path", "key", "prefix", "address", "secret_suffix", "schema_name", "table_name"];
        let config: serde_json::Map<_, _> =
            arguments.iter().map(|name| ((*name).to_owned(), key.as_str().into())).collect();
        let file = serde_json::json!({ "version": 3, "backend": { "type": kind, "config": config } });
        let found = of(&cached(&file.to_string(), &workspace), &world(&[]));
        if let Verdict::Mismatch(address) = judge(&found, &prefix) {
            let _ = address.remedy(&prefix);
        }
    }
}
