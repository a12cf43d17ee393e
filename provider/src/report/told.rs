// SPDX-License-Identifier: MPL-2.0
//! Diagnostics of a plan, and which of them are a gate's.

use super::address::{is_ours, resource_type};
use super::document::Document;
use crate::gate::Operation;

/// Characters of a digest behind its prefix: 256 bits in base32.
const DIGEST: usize = 52;

/// What the detail of a gate's error says that has no digest: how it is opened, or what it asks for.
const GATES: [(&str, &[&str]); 4] = [
    ("state", &["state = \"warn\"", "state = \"off\"", "`gates.state`"]),
    ("promotion", &["promote_from", "evidence"]),
    ("floor", &["floor set"]),
    ("naming", &["naming = \"warn\"", "naming = \"off\""]),
];

/// A diagnostic as it comes in.
#[derive(Clone, Debug, Default)]
pub struct Raw {
    pub is_error: bool,
    pub summary: String,
    pub detail: String,
    pub address: Option<String>,
    /// File and line of the configuration.
    pub place: Option<String>,
}

/// One diagnostic, judged.
#[derive(Clone, Debug)]
pub struct Told {
    /// What it is about, `erp/prod` or `erp/prod/KEY`; only of gates.
    pub subject: Option<String>,
    /// The resource it is about.
    pub address: Option<String>,
    /// File and line of the configuration.
    pub place: Option<String>,
    /// What it says, without subject and digest where those were read.
    pub text: String,
    /// Whether it is an error, a gate's or another, behind which nothing is planned.
    pub ends_planning: bool,
    /// What kind it is.
    pub kind: Kind,
}

/// Kinds of diagnostics.
#[derive(Clone, Debug)]
pub enum Kind {
    /// The production gate's: one change with its digest.
    Production { operation: Operation, digest: String, approved: bool, document: Option<Document> },
    /// Another gate's refusal.
    Gate {
        name: &'static str,
        operation: Option<Operation>,
        /// What it says to do; of this provider's resources only.
        detail: String,
    },
    /// Any other error.
    Error,
    /// Any other warning.
    Warning,
}

// === impl Told ===

impl Told {
    /// Judges a diagnostic. Another provider's can look like a refusal, never like an approval.
    pub fn of(raw: Raw) -> Self {
        let ours = match raw.address.as_deref() {
            Some(address) if address.starts_with("provider") => address.contains("/appenv\"]"),
            Some(address) => resource_type(address).is_some_and(|name| is_ours(&name)),
            None => false,
        };
        let strangers = !ours && raw.address.is_some();
        let found = production(&raw, ours).filter(|(_, _, kind)| match kind {
            Kind::Production { approved: true, .. } => ours && !raw.is_error,
            _ => !strangers,
        });
        // In review what cannot be approved yet only warns; the apply refuses it all the same.
        let refuses = |what: &str| raw.is_error || what.starts_with("what is not known yet");
        let found =
            found.or_else(|| gate(&raw, ours).filter(|(_, what, _)| refuses(what) && !strangers));
        let (subject, text, kind) = match found {
            Some((subject, text, kind)) => (Some(subject), text, kind),
            None if raw.is_error => (None, raw.summary, Kind::Error),
            None => (None, raw.summary, Kind::Warning),
        };
        Self {
            subject,
            address: raw.address,
            place: raw.place,
            ends_planning: raw.is_error,
            text,
            kind,
        }
    }

    /// Whether a gate refuses by it.
    pub fn is_refusal(&self) -> bool {
        matches!(self.kind, Kind::Gate { .. } | Kind::Production { approved: false, .. })
    }

    /// Whether it is an error that is no gate's.
    pub fn is_error(&self) -> bool {
        matches!(self.kind, Kind::Error)
    }
}

/// `{subject} {operation} {digest}: {what}`.
fn production(raw: &Raw, ours: bool) -> Option<(String, String, Kind)> {
    let (head, what) = raw.summary.split_once(": ")?;
    let mut words = head.split(' ');
    let (subject, operation, digest) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || !is_subject(subject) || !is_digest(digest) {
        return None;
    }
    let operation = Operation::parse(operation)?;
    // What the clock alone asks for waits, and changes nothing.
    if !raw.is_error && what.starts_with("waits ") {
        return None;
    }
    let document =
        Document::of(&raw.detail, digest).filter(|document| ours && document.subject() == subject);
    // Whatever is not plainly an approval is none.
    let approved = what == "approved" || what.starts_with("approved ");
    let kind = Kind::Production { operation, digest: digest.to_owned(), approved, document };
    Some((subject.to_owned(), what.to_owned(), kind))
}

/// `{app}/{env}: {what}` or `{app}/{env} {operation}: {what}`.
fn gate(raw: &Raw, ours: bool) -> Option<(String, String, Kind)> {
    let (head, what) = raw.summary.split_once(": ")?;
    let (subject, operation) = match head.split_once(' ') {
        None => (head, None),
        Some((subject, operation)) => (subject, Some(Operation::parse(operation)?)),
    };
    if !is_subject(subject) {
        return None;
    }
    let says = |needles: &[&str]| needles.iter().any(|needle| raw.detail.contains(needle));
    let named = GATES.iter().find(|(_, needles)| says(needles)).map(|(name, _)| *name);
    // One that names an operation judges it, whatever it is called.
    let name = named.or(operation.map(|_| "gate"))?;
    let detail = if ours { raw.detail.clone() } else { String::new() };
    Some((subject.to_owned(), what.to_owned(), Kind::Gate { name, operation, detail }))
}

/// Whether it is `app/env` or `app/env/KEY`.
fn is_subject(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let kebab = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let key = |part: &str| {
        let part = part.split_once("?file=").map_or(part, |(key, file)| {
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            if file.bytes().all(is_plain) { key } else { "" }
        });
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    match parts[..] {
        [app, env] => kebab(app) && kebab(env),
        [app, env, secret] => kebab(app) && kebab(env) && key(secret),
        _ => false,
    }
}

/// Whether it is a whole digest.
fn is_digest(text: &str) -> bool {
    text.strip_prefix("a1-").is_some_and(|hash| {
        hash.len() == DIGEST && hash.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
    })
}

#[cfg(test)]
mod tests {
    use super::{Kind, Raw, Told};

    const OURS: &str = "module.a[\"x\"].appenv_app_instance.prod";

    fn told(is_error: bool, summary: &str, detail: &str, address: Option<&str>) -> Told {
        Told::of(Raw {
            is_error,
            summary: summary.to_owned(),
            detail: detail.to_owned(),
            address: address.map(str::to_owned),
            place: None,
        })
    }

    fn digest() -> String {
        format!("a1-{}", "a2".repeat(26))
    }

    #[test]
    fn a_change_is_approved_only_in_plain_words_by_this_provider() {
        let summary = |what: &str| format!("erp/prod update {}: {what}", digest());
        for (is_error, what, address, approved) in [
            (false, "approved", Some(OURS), Some(true)),
            (false, "approved by approvals_file", Some(OURS), Some(true)),
            (false, "not approved, so the apply will refuse it", Some(OURS), Some(false)),
            (true, "not approved", Some(OURS), Some(false)),
            (true, "not approved", None, Some(false)),
            (false, "approvedish", Some(OURS), Some(false)),
            (false, "approved", None, None),
            (true, "approved", Some(OURS), None),
            (false, "approved", Some("null_resource.a[\".appenv_app_instance.b\"]"), None),
            (true, "not approved", Some("null_resource.a"), None),
        ] {
            let told = told(is_error, &summary(what), "", address);
            let found = match told.kind {
                Kind::Production { approved, .. } => Some(approved),
                _ => None,
            };
            assert_eq!(found, approved, "{what} {address:?}");
            assert!(found.is_some() || told.is_error() == is_error || told.is_refusal());
        }
        let short = format!("erp/prod update {}: not approved", &digest()[..54]);
        assert!(told(true, &short, "", Some(OURS)).is_error(), "half a digest is none");
    }

    #[test]
    fn what_is_not_known_yet_is_refused_though_review_only_warns_of_it() {
        let summary = "erp/prod update: what is not known yet cannot be approved";
        for is_error in [true, false] {
            assert!(told(is_error, summary, "", Some(OURS)).is_refusal());
        }
        assert!(!told(false, summary, "", Some("null_resource.a")).is_refusal());
    }

    #[test]
    fn other_gates_are_known_by_the_operation_or_by_what_opens_them() {
        for (summary, detail, refusal) in [
            ("erp/prod: the state belongs elsewhere", "gates {\n  state = \"warn\"\n}", true),
            ("erp/prod: the state is a file", "`gates.state` is \"strict\"", true),
            ("erp/prod update: not promoted", "set `promote_from`", true),
            ("erp/prod: looser than the floor", "terraform-provider-appenv floor set", true),
            ("erp/prod delete: refused", "", true),
            ("erp/prod: held by another state", "Next: import it.", false),
            ("erp/prod: the server cannot be reached", "", false),
            ("Something: else", "state = \"warn\"", false),
        ] {
            let told = told(true, summary, detail, Some(OURS));
            assert_eq!(told.is_refusal(), refusal, "{summary}");
            assert_eq!(told.is_error(), !refusal, "{summary}");
        }
    }
}
