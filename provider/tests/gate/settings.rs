// SPDX-License-Identifier: MPL-2.0
//! Approvals in the provider block: each that counts, and what is said of each that does not.

use appenv::gate::approval::{Approval, Judged};
use appenv::gate::document::Digest;
use appenv::settings::Settings;
use appenv::settings::model::{EnvironmentModel, Model};
use appenv::world::World;
use tfplugin::value::Attr;

use crate::keygen::Keygen;

const NOW: &str = "2026-01-01T12:00:00Z";
const LATER: &str = "2026-01-02T12:00:00Z";

fn digest(of: &str) -> Digest {
    Digest::of(of)
}

fn text(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

fn list(texts: &[&str]) -> Attr<Vec<Attr<String>>> {
    Attr::Known(texts.iter().map(|one| text(one)).collect())
}

fn from_file(keys: &[&str]) -> Model {
    Model { approvals_file: text("approvals.json"), approval_keys: list(keys), ..Model::default() }
}

fn world(bench: &Keygen, variable: &str) -> World {
    let variable = variable.to_owned();
    let env = move |name: &str| (name == "APPENV_APPROVALS").then(|| variable.clone());
    World::with(env, bench.path()).with_clock(|| NOW.parse().unwrap())
}

fn file(digest: &Digest, expires: &str) -> String {
    format!(
        r#"{{"version":1,"approvals":[{{"digest":"{digest}","expires":"{expires}","ticket":"OPS-7","approver":"alice"}}]}}"#
    )
}

fn judge(model: &Model, bench: &Keygen, variable: &str, digest: &Digest) -> Judged {
    let settings = Settings::read(model, &world(bench, variable)).unwrap();
    assert_eq!(settings.policy.keys, settings.approvals.key_fingerprints());
    settings.approvals.judge(digest, NOW.parse().unwrap())
}

/// What is wrong: place, summary and detail of each.
fn wrong(model: &Model, bench: &Keygen, variable: &str) -> Vec<String> {
    let errors = Settings::read(model, &world(bench, variable)).unwrap_err().0;
    let lines = errors.iter().map(|error| {
        let place = error.attribute.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(error.detail.contains("Next: ") && error.detail.ends_with('.'), "{}", error.detail);
        format!("{place}: {}: {}", error.summary, error.detail)
    });
    lines.collect()
}

fn one_wrong(model: &Model, bench: &Keygen, variable: &str, parts: &[&str]) {
    let told = wrong(model, bench, variable);
    assert_eq!(told.len(), 1, "{told:?}");
    for part in parts {
        assert!(told[0].contains(part), "{part}: {}", told[0]);
    }
}

#[test]
fn digests_come_from_the_block_the_environment_and_a_file() {
    let bench = Keygen::new();
    let (a, b, c, d) = (digest("a"), digest("b"), digest("c"), digest("d"));
    bench.write("approvals.json", file(&d, LATER));
    let model = Model { approvals: list(&["", &a.to_string()]), ..from_file(&[]) };
    let variable = format!(" {b},\n{c} ,");
    for one in [&a, &b, &c, &d] {
        assert!(matches!(judge(&model, &bench, &variable, one), Judged::Approved(_)), "{one}");
    }
    assert_eq!(judge(&model, &bench, &variable, &digest("e")), Judged::No);
    assert_eq!(judge(&model, &bench, "", &b), Judged::No);
    let Judged::Approved(Approval { source, approver, ticket, expires, .. }) =
        judge(&model, &bench, "", &d)
    else {
        panic!("approved")
    };
    assert_eq!(source, "the file \"approvals.json\"");
    assert_eq!((approver.as_deref(), ticket.as_deref()), (Some("alice"), Some("OPS-7")));
    assert_eq!(expires, Some(LATER.parse().unwrap()));
}

#[test]
fn what_a_variable_leaves_empty_approves_nothing_and_is_no_error() {
    let bench = Keygen::new();
    let null = Model { approvals: Attr::Known(vec![Attr::Null, text("")]), ..Model::default() };
    for model in [null, Model { approvals_file: text(""), ..Model::default() }] {
        assert_eq!(judge(&model, &bench, " , \n", &digest("a")), Judged::No);
    }
}

#[test]
fn what_is_no_whole_digest_is_told_with_its_place() {
    let bench = Keygen::new();
    let whole = digest("a").to_string();
    for (given, why) in [
        (whole[..20].to_owned(), "looks truncated: it has 20 characters of 55"),
        (whole[..54].to_owned(), "looks truncated"),
        (format!("{}...", &whole[..12]), "looks truncated"),
        (whole.to_uppercase(), "capital letters"),
        (format!("{whole} "), "white space"),
        (format!("{whole}{whole}"), "is no digest"),
        ("yes".to_owned(), "is no digest"),
        (format!("sha256:{}", "0f".repeat(32)), "is no digest"),
    ] {
        let model = Model { approvals: list(&["", &given]), ..Model::default() };
        one_wrong(&model, &bench, "", &["approvals[1]: ", why]);
        assert!(Settings::validate(&model).is_err(), "{given}");
        if !given.contains(' ') && given.len() < 80 && given != given.to_uppercase() {
            one_wrong(&Model::default(), &bench, &given, &["APPENV_APPROVALS", why]);
        }
    }
}

#[test]
fn what_is_not_known_yet_is_an_error_at_configure_and_fine_before() {
    let bench = Keygen::new();
    for (model, place) in [
        (Model { approvals: Attr::Unknown, ..Model::default() }, "approvals: "),
        (
            Model { approvals: Attr::Known(vec![Attr::Unknown]), ..Model::default() },
            "approvals[0]: ",
        ),
        (Model { approvals_file: Attr::Unknown, ..Model::default() }, "approvals_file: "),
        (Model { approval_keys: Attr::Unknown, ..Model::default() }, "approval_keys: "),
        (
            Model { approval_keys: Attr::Known(vec![Attr::Unknown]), ..Model::default() },
            "approval_keys[0]: ",
        ),
    ] {
        assert!(Settings::validate(&model).is_ok(), "{place}");
        let errors = Settings::read(&model, &world(&bench, "")).unwrap_err().0;
        assert_eq!(errors.len(), 1);
        assert!(errors[0].summary.contains("is not known yet"), "{}", errors[0].summary);
        let at = errors[0].attribute.as_ref().unwrap().to_string();
        assert_eq!(format!("{at}: "), place);
    }
}

#[test]
fn a_file_that_is_none_is_told_and_approves_nothing() {
    let bench = Keygen::new();
    let model = from_file(&[]);
    let at = "approvals_file: The approvals file \"approvals.json\" cannot be used: ";
    one_wrong(&model, &bench, "", &[at, "No such file"]);
    let whole = file(&digest("a"), LATER);
    let with = |from: &str, to: &str| whole.replacen(from, to, 1);
    let not_text = [b"{\"version\":1,\"approvals\":[]}".as_slice(), b"\xff"].concat();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "cut off"),
        (whole[..60].into(), "cut off"),
        (b"[]".to_vec(), "no file of approvals"),
        (not_text, "no UTF-8"),
        (with("\"version\":1", "\"version\":2").into(), "version 2"),
        (with("\"version\":1,", "").into(), "missing field `version`"),
        (with("\"version\":1", "\"version\":1,\"note\":\"\"").into(), "unknown field `note`"),
        (with("\"ticket\"", "\"tickets\"").into(), "unknown field `tickets`"),
        (with("a1-", "").into(), "its approval 1 cannot be used"),
        (with(LATER, "tomorrow").into(), "no time of RFC 3339"),
        (with(LATER, "2026-01-02T12:00:00").into(), "no time of RFC 3339"),
        (with("OPS", &"x".repeat(1 << 20)).into(), "more than 1048576 bytes"),
    ];
    for (bytes, why) in cases {
        bench.write("approvals.json", bytes);
        one_wrong(&model, &bench, "", &[at, why, "Nothing is approved by it"]);
    }
}

#[test]
fn what_a_file_approved_ends() {
    let bench = Keygen::new();
    let a = digest("a");
    bench.write("approvals.json", file(&a, "2026-01-01T11:54:59Z"));
    assert!(matches!(judge(&from_file(&[]), &bench, "", &a), Judged::Expired(_)));
    bench.write("approvals.json", file(&a, "2026-01-01T11:55:00Z"));
    assert!(matches!(judge(&from_file(&[]), &bench, "", &a), Judged::Approved(_)));
}

#[test]
fn with_keys_only_a_signed_file_counts() {
    let bench = Keygen::new();
    let a = digest("a");
    let key = bench.key("alice", "ed25519", "");
    let model = from_file(&[&key]);
    let inline = Model {
        approvals: list(&[&a.to_string()]),
        approval_keys: list(&[&key]),
        ..Model::default()
    };
    assert!(matches!(judge(&inline, &bench, "", &a), Judged::Unsigned(_)));
    let variable = Model { approval_keys: list(&[&key]), ..Model::default() };
    assert!(matches!(judge(&variable, &bench, &a.to_string(), &a), Judged::Unsigned(_)));

    bench.write("approvals.json", file(&a, LATER));
    assert!(matches!(judge(&model, &bench, "", &a), Judged::Unsigned(_)));
    let signature = bench.sign("approvals.json", "alice", "appenv");
    let Judged::Approved(approval) = judge(&model, &bench, "", &a) else { panic!("approved") };
    assert_eq!(approval.key, Some(bench.fingerprint("alice")));

    bench.write("approvals.json", file(&digest("b"), LATER));
    one_wrong(&model, &bench, "", &["approvals_file: ", "does not fit", "Nothing is approved"]);
    bench.write("approvals.json", file(&a, LATER));
    bench.write("approvals.json.sig", &signature[..signature.len() / 2]);
    one_wrong(&model, &bench, "", &["approvals_file: ", "cut off"]);
    bench.sign("approvals.json", "alice", "file");
    one_wrong(&model, &bench, "", &["approvals_file: ", "made for \"file\""]);
    bench.key("mallory", "ed25519", "");
    bench.sign("approvals.json", "mallory", "appenv");
    one_wrong(&model, &bench, "", &["approvals_file: ", &bench.fingerprint("mallory")]);
    bench.write("approvals.json.sig", b"\xff");
    one_wrong(&model, &bench, "", &["approvals_file: ", "is no text"]);

    bench.write("approvals.json", format!(r#"{{"version":1,"approvals":[{{"digest":"{a}"}}]}}"#));
    bench.sign("approvals.json", "alice", "appenv");
    one_wrong(&model, &bench, "", &["approvals_file: ", "no `expires`"]);
}

#[test]
fn keys_that_cannot_be_used_are_told_and_never_shown() {
    let bench = Keygen::new();
    let key = bench.key("alice", "ed25519", "");
    let private = bench.read("alice");
    let keys = |keys: &[&str]| Model { approval_keys: list(keys), ..Model::default() };
    for (lines, place, why) in [
        (vec![&*key, &*private], "approval_keys[1]: ", "private key"),
        (vec![&*key, &*key], "approval_keys[1]: ", "already in the list"),
        (vec!["", &*key], "approval_keys[0]: ", "it is empty"),
        (vec!["hunter2"], "approval_keys[0]: ", "no public key"),
    ] {
        one_wrong(&keys(&lines), &bench, "", &[place, why]);
        assert!(Settings::validate(&keys(&lines)).is_err());
        let told = wrong(&keys(&lines), &bench, "").concat();
        let secret = private.lines().nth(1).unwrap();
        assert!(!told.contains("hunter2") && !told.contains(&secret[..16]), "{told}");
    }
}

#[test]
fn with_keys_evidence_is_signed() {
    let bench = Keygen::new();
    let key = bench.key("alice", "ed25519", "");
    let prod = EnvironmentModel {
        name: text("prod"),
        production: Attr::Known(true),
        promote_from: text("sandbox"),
        evidence: text("evidence.json"),
        ..EnvironmentModel::default()
    };
    let sandbox = EnvironmentModel { name: text("sandbox"), ..EnvironmentModel::default() };
    let model = |keys: &[&str]| Model {
        environment: vec![prod.clone(), sandbox.clone()],
        approval_keys: list(keys),
        ..Model::default()
    };
    bench.write("evidence.json", r#"{"version":1,"env":"sandbox","applied":{}}"#);
    assert!(Settings::read(&model(&[]), &world(&bench, "")).is_ok());
    let at = "environment[0].evidence: The evidence \"evidence.json\" cannot be used: ";
    one_wrong(&model(&[&key]), &bench, "", &[at, "it is not signed"]);
    bench.sign("evidence.json", "alice", "appenv");
    let settings = Settings::read(&model(&[&key]), &world(&bench, "")).unwrap();
    assert!(settings.evidence.contains_key("prod"));
    bench.write("evidence.json", r#"{"version":1,"env":"sandbox","applied":{} }"#);
    one_wrong(&model(&[&key]), &bench, "", &[at, "does not fit"]);
}
