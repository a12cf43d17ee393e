// SPDX-License-Identifier: MPL-2.0
//! The examples of secrets: applied as they stand, and shown by their pages.

use std::fs;

use acceptance::servers::Servers;
use acceptance::{Cli, Workspace, provider};
use serde_json::{Value, json};

const SMTP: &str = "smtp-from-the-environment";

fn workspace(servers: &Servers) -> Workspace {
    let mut env = servers.env();
    env.push(("TF_VAR_smtp_password".to_owned(), SMTP.to_owned()));
    Workspace::new(Cli::any()).with_env(env).without_trace()
}

/// The document of an instance's secrets, by the server's API.
fn values(servers: &Servers, instance: &str) -> Value {
    let read = servers.bao.api().get(&format!("kvv2/data/{instance}/config")).unwrap();
    read["data"]["data"].clone()
}

/// Fails the test where a page does not show what an example has behind its `terraform` block.
fn page_shows(page: &str, example: &str) {
    let root = provider::root();
    let page = fs::read_to_string(root.join("docs").join(page)).unwrap();
    let hcl = fs::read_to_string(root.join("examples").join(example)).unwrap();
    let body = hcl.split_once("\n}\n").map_or(hcl.as_str(), |(_, body)| body).trim();
    assert!(!body.is_empty() && page.contains(body), "the page shows another {example}");
}

#[test]
fn the_resource() {
    let example = "resources/appenv_env_secret";
    page_shows("resources/env_secret.md", &format!("{example}/resource.tf"));
    page_shows("resources/env_secret.md", &format!("{example}/import.sh"));

    let servers = Servers::start();
    let ws = workspace(&servers);
    ws.copy_from(&format!("examples/{example}"));
    ws.step();
    let before = values(&servers, "erp-sandbox");
    assert_eq!(before["SMTP_PASSWORD"], json!(SMTP));
    let key = before["SESSION_KEY"].as_str().unwrap();
    assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{before}");
    assert!(!ws.state_file().to_string().contains(SMTP));

    let import = provider::root().join("examples").join(example).join("import.sh");
    let import = fs::read_to_string(import).unwrap();
    let words: Vec<&str> = import.split_whitespace().collect();
    let ["terraform", "import", address, id] = words[..] else { panic!("{import}") };
    ws.state_rm(address);
    ws.import(address, id);
    ws.step();
    assert_eq!(values(&servers, "erp-sandbox"), before, "the import keeps the value");

    ws.destroy();
    assert_eq!(values(&servers, "erp-sandbox"), json!({}));
}

#[test]
fn the_ephemeral_resource() {
    let example = "ephemeral-resources/appenv_env_secret";
    page_shows("ephemeral-resources/env_secret.md", &format!("{example}/ephemeral-resource.tf"));

    let servers = Servers::start();
    let ws = workspace(&servers);
    ws.copy_from(&format!("examples/{example}"));
    ws.step();
    let made = values(&servers, "erp-sandbox");
    assert_eq!(made["TOKEN"].as_str().map(str::len), Some(32), "{made}");
    assert_eq!(values(&servers, "erp-staging"), made);

    // A new value of the one is written to the other by the same apply.
    let by_hand = json!({ "data": { "TOKEN": "by hand" } });
    servers.bao.api().put("kvv2/data/erp-sandbox/config", &by_hand);
    ws.step();
    let next = values(&servers, "erp-sandbox");
    assert!(next != made && next["TOKEN"] != "by hand", "{next}");
    assert_eq!(values(&servers, "erp-staging"), next);
    assert!(!ws.state_file().to_string().contains(next["TOKEN"].as_str().unwrap()));
    ws.destroy();
}
