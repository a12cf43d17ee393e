// SPDX-License-Identifier: MPL-2.0
//! Approvals in the provider block, in a file, at apply, and signed.

use std::process::Command;

use serde_json::json;

use super::{CREATES, Gates, Guarded, digest, limit};
use crate::site::{self, block};

/// A configuration with more lines in the provider block.
fn with(it: &Guarded, gates: &Gates<'_>, lines: &str, more: &str) {
    let header = site::header(&it.site.owner, "", &format!("{}{lines}", gates.lines()));
    it.site.ws.write("main.tf", &format!("{header}{}", block("it", &it.app, "prod", more)));
}

/// Makes a key without a passphrase in the workspace; its public line.
fn key(it: &Guarded, name: &str) -> String {
    let path = it.site.ws.dir().join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    std::fs::read_to_string(path.with_extension("pub")).unwrap().trim().to_owned()
}

fn sign(it: &Guarded, key: &str, file: &str) {
    let dir = it.site.ws.dir();
    let _ = std::fs::remove_file(dir.join(format!("{file}.sig")));
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", "appenv", "-f", key, file])
        .current_dir(dir)
        .status()
        .unwrap();
    assert!(signed.success());
}

fn file(digest: &str) -> String {
    json!({ "version": 1, "approvals": [{
        "digest": digest, "expires": "2099-01-01T00:00:00Z", "approver": "alice", "ticket": "OPS-7",
    }] })
    .to_string()
}

#[test]
fn an_approval_is_given_in_the_provider_block_in_a_file_or_at_apply() {
    let it = Guarded::made("given", &CREATES, &limit(1));
    with(&it, &CREATES, "", &limit(2));
    let first = it.refused("update");
    with(&it, &CREATES, &format!("  approvals = [\"\", \"{first}\"]\n"), &limit(2));
    it.site.ws.step();
    with(&it, &CREATES, "", &limit(3));
    let second = it.refused("update");
    it.site.ws.write("approvals.json", &file(&second));
    with(&it, &CREATES, "  approvals_file = \"approvals.json\"\n", &limit(3));
    let plan = it.site.ws.plan_to("p.bin");
    let told = plan.diagnostics();
    assert!(told.say("alice") && told.say("OPS-7"), "{told}");
    it.site.ws.apply_saved("p.bin");
    assert_eq!(it.connection_limit(), "3");
}

#[test]
fn in_review_an_ephemeral_variable_gives_it_at_apply() {
    let gates = Gates { mode: "review", allow: &["create"], more: "" };
    let mut it = Guarded::made("given-late", &gates, &limit(1));
    let variable = "variable \"approval\" {\n  type      = string\n  ephemeral = true\n}\n";
    let header = site::header(
        &it.site.owner,
        "",
        &format!("{}  approvals = [var.approval]\n", gates.lines()),
    );
    let write = |it: &Guarded, more: &str| {
        let block = block("it", "given-late", "prod", more);
        it.site.ws.write("main.tf", &format!("{header}{variable}{block}"));
    };
    write(&it, &limit(2));
    it.site.ws.set_env("TF_VAR_approval", "");
    let plan = it.site.ws.plan_to("p.bin");
    let digest = super::warns(&plan, "given-late/prod", "update", "the apply will refuse it");
    it.site.ws.set_env("TF_VAR_approval", &digest);
    it.site.ws.apply_saved("p.bin");
    assert_eq!(it.connection_limit(), "2");
    // It stands in no plan.
    let saved = std::fs::read(it.site.ws.dir().join("p.bin")).unwrap();
    assert!(!saved.windows(digest.len()).any(|at| at == digest.as_bytes()));
}

#[test]
fn with_keys_only_what_they_signed_counts_and_no_key_is_added() {
    let mut it = Guarded::new("signed");
    let (alice, mallory) = (key(&it, "alice"), key(&it, "mallory"));
    let keys = |keys: &[&str]| {
        let quoted: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
        format!(
            "  approvals_file = \"approvals.json\"\n  approval_keys = [{}]\n",
            quoted.join(", ")
        )
    };
    it.site.ws.write("approvals.json", &file(&format!("a1-{}", "a".repeat(52))));
    sign(&it, "alice", "approvals.json");
    with(&it, &CREATES, &keys(&[&alice]), &limit(1));
    it.site.ws.step();
    with(&it, &CREATES, &keys(&[&alice]), &limit(2));
    let change = it.refused("update");
    // Given, and not signed.
    it.approve(&[&change]);
    let told = it.site.ws.plan_fails();
    assert_eq!(digest(&told, "signed/prod", "update"), change);
    assert!(told.say("ssh-keygen -Y sign -n appenv"), "{told}");
    it.approve(&[]);
    // Signed by somebody else.
    it.site.ws.write("approvals.json", &file(&change));
    sign(&it, "mallory", "approvals.json");
    let before = it.snapshot();
    it.site.ws.apply_fails();
    // A key that is added, and none at all, is looser than it was.
    for looser in [keys(&[&alice, &mallory]), keys(&[&mallory]), String::new()] {
        with(&it, &CREATES, &looser, &limit(2));
        let told = it.site.ws.apply_fails();
        let summary = "signed/prod: the gates are looser than they were";
        assert!(told.errors().any(|error| error.summary == summary), "{told}");
    }
    it.is_untouched(&before);
    with(&it, &CREATES, &keys(&[&alice]), &limit(2));
    sign(&it, "alice", "approvals.json");
    // Altered after it was signed.
    let whole = file(&change);
    it.site.ws.write("approvals.json", &whole.replace("OPS-7", "OPS-8"));
    it.site.ws.apply_fails();
    it.is_untouched(&before);
    it.site.ws.write("approvals.json", &whole);
    it.site.ws.step();
    assert_eq!(it.connection_limit(), "2");
}
