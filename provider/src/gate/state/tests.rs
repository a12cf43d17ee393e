#![allow(clippy::unwrap_used)]
// SPDX-License-Identifier: MPL-2.0

use super::*;

fn s3(key: &str, workspace: Option<&str>) -> Address {
    Address::new(Backend::S3, format!("s3://b/{key}"), &[key])
        .with_workspaces_below("env:", key)
        .in_workspace(workspace.map(str::to_owned), false)
}

#[test]
fn names_read_back() {
    for (name, backend) in Backend::ALL {
        assert_eq!(Backend::parse(name), Some(backend));
        assert_eq!(backend.name(), name);
    }
    assert_eq!(Backend::parse("cloud"), None);
}

#[test]
fn an_address_is_judged_by_its_end() {
    let address = Ok(s3("live/erp/main/terraform.tfstate", None));
    assert_eq!(judge(&address, "erp/main"), Verdict::Match);
    assert_eq!(judge(&address, "/erp/main/"), Verdict::Match);
    assert_eq!(judge(&address, "live/erp/main"), Verdict::Match);
    assert_eq!(judge(&address, "main"), Verdict::Match);
    for other in
        ["rp/main", "erp", "erp/main/terraform.tfstate/x", "x/live/erp/main", "", "/", "x.tfstate"]
    {
        assert!(matches!(judge(&address, other), Verdict::Mismatch(_)), "{other}");
    }
    let unreadable = Err(Unreadable::StateStore);
    assert!(matches!(judge(&unreadable, "erp/main"), Verdict::Undeterminable(_)));
}

#[test]
fn the_workspace_that_would_do_is_named() {
    for (key, workspace, told) in [
        ("erp/terraform.tfstate", None, Some("sandbox")),
        ("erp/terraform.tfstate", Some("main"), Some("sandbox")),
        ("erp/sandbox/terraform.tfstate", Some("main"), Some("default")),
        ("shop/terraform.tfstate", Some("main"), None),
        ("shop/terraform.tfstate", None, None),
    ] {
        let remedy = s3(key, workspace).remedy("erp/sandbox");
        assert_eq!(remedy.workspace.as_deref(), told, "{key} {workspace:?}");
        assert_eq!(
            (remedy.argument, remedy.value.as_str()),
            ("key", "erp/sandbox/terraform.tfstate")
        );
    }
}

#[test]
fn each_backend_has_its_line_and_the_line_mends_it() {
    for (name, backend) in Backend::ALL {
        let shown = if backend == Backend::Http { "https://h/state/shop-main" } else { "x" };
        let keys = if backend == Backend::Http { "state/shop-main" } else { "shop" };
        let remedy = Address::new(backend, shown.to_owned(), &[keys]).remedy("erp/sandbox");
        let value = remedy.value.strip_prefix("https://h").unwrap_or(&remedy.value);
        // What each backend makes of it.
        let key = if backend == Backend::Gcs {
            format!("{value}/default.tfstate")
        } else {
            value.to_owned()
        };
        let mended = Ok(Address::new(backend, String::new(), &[&key]));
        assert_eq!(judge(&mended, "erp/sandbox"), Verdict::Match, "{name}: {value}");
    }
    let beside = Address::new(Backend::Http, "https://h/s/erp/main".to_owned(), &["s/erp/main"]);
    assert_eq!(beside.remedy("erp/sandbox").value, "https://h/s/erp/sandbox");
    let bare = Address::new(Backend::Http, "https://h/".to_owned(), &[""]);
    assert_eq!(bare.remedy("erp/sandbox").value, "https://h/erp-sandbox");
}
