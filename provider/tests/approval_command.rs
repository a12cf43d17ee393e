// SPDX-License-Identifier: MPL-2.0
//! The command `approval`, in this process: what it prints of a plan and of a file, and its exit codes.
#![allow(clippy::disallowed_methods, reason = "tests are the world")]
#![allow(clippy::unwrap_used)]

#[path = "gate/keygen.rs"]
mod keygen;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Command, Stdio};

use appenv::command::{self, Output};
use appenv::gate::Operation;
use appenv::gate::document::{Digest, Document};
use appenv::world::World;
use serde_json::{Value, json};

use keygen::Keygen;

const NOW: &str = "2026-01-01T12:00:00Z";

fn document(app: &str) -> Document {
    Document {
        target: [("postgres".to_owned(), "id-1".to_owned())].into(),
        owner: "team".to_owned(),
        app: app.to_owned(),
        env: "prod".to_owned(),
        secret: None,
        generation: 3,
        operation: Operation::Update,
        before: Some(json!({ "limit": 5 })),
        after: Some(json!({ "limit": 6 })),
        effects: vec!["alter role \u{1b}[2K".to_owned()],
    }
}

fn digest(app: &str) -> Digest {
    document(app).digest().unwrap()
}

/// A diagnostic as the CLI prints it.
fn event(severity: &str, summary: &str, detail: &str) -> String {
    let diagnostic = json!({ "severity": severity, "summary": summary, "detail": detail });
    json!({ "@level": severity, "type": "diagnostic", "diagnostic": diagnostic }).to_string()
}

fn refusal(app: &str, verdict: &str) -> String {
    let document = document(app);
    let summary = format!("{app}/prod update {}: {verdict}", digest(app));
    let detail = format!("Words.\n\nDocument: {}", document.canonical().unwrap());
    event(if verdict == "not approved" { "error" } else { "warning" }, &summary, &detail)
}

fn events(lines: &[String]) -> String {
    let version =
        json!({ "@level": "info", "type": "version", "terraform": "1.11.4", "ui": "1.2" });
    let other = event("warning", "Deprecated", "Document it.");
    let lines = [&[version.to_string(), other], lines].concat();
    lines.join("\n") + "\n"
}

fn summary() -> String {
    json!({ "type": "change_summary", "changes": { "add": 1 } }).to_string()
}

/// Exit code, standard output and standard error.
fn run(bench: &Keygen, arguments: &[&str]) -> (u8, String, String) {
    let world = World::with(|_| None, bench.path()).with_clock(|| NOW.parse().unwrap());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments =
        ["terraform-provider-appenv", "approval"].iter().chain(arguments).map(OsString::from);
    let code = command::run(
        arguments,
        &world,
        &mut Output { out: &mut out, err: &mut err, terminal: None },
    );
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn refused(bench: &Keygen, code: u8, arguments: &[&str], why: &str) {
    let (found, out, err) = run(bench, arguments);
    assert_eq!(found, code, "{arguments:?}: {out} {err}");
    assert!(err.starts_with("error: ") && err.contains(why), "{arguments:?}: {err}");
    assert!(code > 2 || out.is_empty(), "{out}");
    assert!(!err.contains("b3BlbnNzaC1rZXktdjE"), "a private key is never shown: {err}");
}

#[test]
fn each_change_is_shown_once_and_readable() {
    let bench = Keygen::new();
    let lines = [
        refusal("erp", "not approved"),
        refusal("crm", "approved"),
        refusal("erp", "not approved"),
    ];
    bench.write("events.jsonl", events(&lines));
    let (code, out, err) = run(&bench, &["show", "events.jsonl"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out.matches(&digest("erp").to_string()).count(), 1);
    for part in [
        format!("{} not approved\n  update of erp/prod, owner team\n", digest("erp")),
        format!("{} approved\n  update of crm/prod", digest("crm")),
        r"  - alter role \u{1b}[2K".to_owned(),
        "  - limit: 5 -> 6\n".to_owned(),
    ] {
        assert!(out.contains(&part), "{part}: {out}");
    }
    bench.write("events.jsonl", events(&[summary()]));
    let (code, out, _) = run(&bench, &["show", "events.jsonl"]);
    assert_eq!((code, out.as_str()), (0, "No change of this plan needs an approval.\n"));
}

#[test]
fn a_file_of_approvals_holds_what_is_not_approved_yet() {
    let bench = Keygen::new();
    let lines = [
        refusal("erp", "not approved, so the apply will refuse it"),
        refusal("crm", "approved, goes on"),
        refusal("hr", "not approved"),
    ];
    bench.write("events.jsonl", events(&lines));
    let show = ["show", "events.jsonl", "--json"];
    let json = |more: &[&str]| -> Value {
        let (code, out, err) = run(&bench, &[&show, more].concat());
        assert_eq!((code, err.as_str()), (0, ""));
        serde_json::from_str(&out).unwrap()
    };
    let entry =
        |app: &str, expires: &str| json!({ "digest": digest(app).to_string(), "expires": expires });
    let (day, hours) = ("2026-01-02T12:00:00Z", "2026-01-01T20:00:00Z");
    assert_eq!(
        json(&[]),
        json!({ "version": 1, "approvals": [entry("erp", day), entry("hr", day)] })
    );
    let hr = digest("hr").to_string();
    let all =
        json(&["--digest", &hr, "--expires", "8h", "--approver", "alice", "--ticket", "OPS-7"]);
    let mut one = entry("hr", hours);
    one["approver"] = "alice".into();
    one["ticket"] = "OPS-7".into();
    assert_eq!(all, json!({ "version": 1, "approvals": [one] }));

    let crm = digest("crm").to_string();
    refused(&bench, 1, &["show", "events.jsonl", "--json", "--digest", &crm], "already approved");
    let none = digest("none").to_string();
    refused(&bench, 1, &["show", "events.jsonl", "--digest", &none], "No change of this plan");
    refused(&bench, 2, &["show", "events.jsonl", "--digest", &none[..30]], "looks truncated");
    refused(&bench, 2, &["show", "events.jsonl", "--json", "--expires", "0h"], "a duration is");
    refused(&bench, 2, &["show", "events.jsonl", "--approver", "alice"], "--json");
    bench.write("events.jsonl", events(&[refusal("crm", "approved"), summary()]));
    refused(&bench, 1, &show, "No change of this plan waits");
}

#[test]
fn what_was_altered_cut_off_or_is_something_else_is_refused() {
    let bench = Keygen::new();
    let whole = events(&[refusal("erp", "not approved")]);
    let (erp, crm) = (digest("erp").to_string(), digest("crm").to_string());
    let lost = event("error", &format!("erp/prod update {erp}: not approved"), "Words.");
    let nameless = refusal("erp", "not approved").replacen(&erp, &erp[..30], 1);
    for (text, why) in [
        (whole.replacen(&erp, &crm, 1), "is not the digest of the document beside it"),
        (
            whole.replacen("alter role", "alter nothing", 1),
            "is not the digest of the document beside it",
        ),
        (whole.replacen("erp/prod update", "crm/prod update", 1), "approve neither"),
        (whole.replacen("erp/prod update", "erp/prod delete", 1), "approve neither"),
        (whole.replacen("approval/1", "approval/2", 1), "cannot be read"),
        (events(&[lost]), "its document is missing"),
        (events(&[nameless]), "its digest is missing"),
        (whole[..whole.len() - 40].to_owned(), "is cut off"),
        (events(&[]), "they end too early"),
        (String::new(), "they end too early"),
        ("Terraform will perform the following actions:\n".to_owned(), "line 1 is no event"),
        ("{\"format_version\":\"1.2\"}\n".to_owned(), "line 1 is no event"),
        (format!("{{\"type\":\"{}\"}}", "x".repeat(5 << 20)), "line 1 has more than"),
    ] {
        bench.write("events.jsonl", text);
        for more in [&[][..], &["--json"]] {
            refused(&bench, 1, &[&["show", "events.jsonl"], more].concat(), why);
        }
    }
    refused(&bench, 1, &["show", "missing.jsonl"], "No such file");
}

#[test]
fn events_come_from_standard_input_too() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_terraform-provider-appenv"))
        .args(["approval", "show", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = events(&[refusal("erp", "not approved")]);
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let ran = child.wait_with_output().unwrap();
    assert!(ran.status.success());
    assert!(String::from_utf8(ran.stdout).unwrap().contains(&digest("erp").to_string()));
}

#[test]
fn a_file_is_checked_as_the_provider_does() {
    let bench = Keygen::new();
    let key = bench.key("alice", "ed25519", "");
    bench.key("mallory", "ed25519", "");
    bench.write("events.jsonl", events(&[refusal("erp", "not approved")]));
    let (_, file, _) = run(&bench, &["show", "events.jsonl", "--json", "--approver", "alice"]);
    bench.write("a.json", &file);
    bench.write("keys", format!("# who may\n\n{key}"));
    let (erp, crm) = (digest("erp").to_string(), digest("crm").to_string());

    let (code, out, err) = run(&bench, &["verify", "a.json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, format!("{erp}\n  expires: \"2026-01-02T12:00:00Z\"\n  approver: \"alice\"\n"));
    refused(&bench, 3, &["verify", "a.json", "--key", &key], "No such file");
    let signature = bench.sign("a.json", "alice", "appenv");
    bench.write("elsewhere", &signature);
    for more in [
        &["--key", &*key][..],
        &["--keys-file", "keys", "--digest", &erp],
        &["--keys-file", "keys", "--signature", "elsewhere"],
    ] {
        let (code, out, err) = run(&bench, &[&["verify", "a.json"], more].concat());
        assert_eq!((code, err.as_str()), (0, ""), "{more:?}");
        assert!(out.contains(&format!("signed with: \"{}\"", bench.fingerprint("alice"))), "{out}");
    }
    refused(&bench, 5, &["verify", "a.json", "--key", &key, "--digest", &crm], "does not approve");
    refused(&bench, 2, &["verify", "a.json", "--digest", &crm[..20]], "looks truncated");
    refused(&bench, 1, &["verify", "a.json", "--signature", "elsewhere"], "no key to check it");
    bench.sign("a.json", "mallory", "appenv");
    refused(&bench, 3, &["verify", "a.json", "--key", &key], &bench.fingerprint("mallory"));
    bench.sign("a.json", "alice", "file");
    refused(&bench, 3, &["verify", "a.json", "--key", &key], "made for \"file\"");
    bench.write("a.json", file.replace("alice", "bob"));
    bench.write("a.json.sig", &signature);
    refused(&bench, 3, &["verify", "a.json", "--key", &key], "does not fit");
    bench.write("a.json", &file[..40]);
    refused(&bench, 1, &["verify", "a.json"], "cut off");
    refused(&bench, 1, &["verify", "missing.json"], "No such file");
    bench.write("keys", "# none\n");
    refused(&bench, 1, &["verify", "a.json", "--keys-file", "keys"], "no key in it");
    let private = bench.read("alice");
    refused(&bench, 1, &["verify", "a.json", "--key", &private], "private key");
    bench.write("a.json", file.replace("2026-01-02T12", "2025-12-31T12"));
    refused(&bench, 4, &["verify", "a.json"], "is over");
}
