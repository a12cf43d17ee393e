// SPDX-License-Identifier: MPL-2.0
//! What was applied in an env of another registry, as its side wrote it down.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A file of evidence: JSON, version 1, no other fields.
///
/// ```json
/// { "version": 1, "env": "sandbox", "applied": { "erp": { "sha256:…": "2026-11-25T10:00:00Z" } } }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    version: u32,
    /// The env where it was applied.
    pub env: String,
    /// By app: each digest (the attribute `spec_digest`) with when it was first applied, RFC 3339.
    pub applied: BTreeMap<String, BTreeMap<String, String>>,
}

// === impl Evidence ===

impl Evidence {
    /// Reads one; the error is a phrase that tells why not.
    pub fn parse(text: &str) -> Result<Self, String> {
        let evidence: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if evidence.version != 1 {
            return Err(format!(
                "it has version {}, and only version 1 is known",
                evidence.version
            ));
        }
        let digests = evidence.applied.values().flatten();
        for (digest, at) in digests {
            let hex = digest.strip_prefix("sha256:").unwrap_or_default();
            let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            if hex.len() != 64 || !hex.bytes().all(is_hex) {
                return Err(format!("{digest:?} is no `spec_digest`"));
            }
            if at.parse::<jiff::Timestamp>().is_err() {
                return Err(format!("{at:?} is no time of RFC 3339"));
            }
        }
        Ok(evidence)
    }

    /// What of an app was applied in an env; nothing where the file is of another env.
    pub fn of(&self, env: &str, app: &str) -> BTreeMap<String, String> {
        let applied = self.applied.get(app).filter(|_| self.env == env);
        applied.cloned().unwrap_or_default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(version: u32, digest: &str, at: &str) -> String {
        format!(
            r#"{{"version":{version},"env":"sandbox","applied":{{"erp":{{"{digest}":"{at}"}}}}}}"#
        )
    }

    fn digest() -> String {
        format!("sha256:{}", "0f".repeat(32))
    }

    #[test]
    fn it_tells_of_one_env_and_each_app() {
        let evidence = Evidence::parse(&text(1, &digest(), "2026-01-01T00:00:00Z")).unwrap();
        assert!(evidence.of("sandbox", "erp").contains_key(&digest()));
        assert!(evidence.of("sandbox", "crm").is_empty());
        assert!(evidence.of("dev", "erp").is_empty());
    }

    #[test]
    fn what_is_not_one_is_refused() {
        for (text, why) in [
            (String::new(), "EOF"),
            ("[]".to_owned(), "invalid length"),
            (text(2, &digest(), "2026-01-01T00:00:00Z"), "version 2"),
            (text(1, "sha256:00", "2026-01-01T00:00:00Z"), "no `spec_digest`"),
            (text(1, &digest().to_uppercase(), "2026-01-01T00:00:00Z"), "no `spec_digest`"),
            (text(1, &digest(), "yesterday"), "no time"),
            (
                r#"{"version":1,"env":"e","applied":{},"approved":true}"#.to_owned(),
                "unknown field `approved`",
            ),
        ] {
            let told = Evidence::parse(&text).unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}
