// SPDX-License-Identifier: MPL-2.0
//! The forms in which a secret may turn up.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::random;

/// Every form of a secret, each once.
pub(super) fn of(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let raw = secret.as_bytes();
    let mut forms = vec![("raw", raw.to_vec())];
    for shift in 0..3 {
        forms.push(("base64", base64_inside(&STANDARD_NO_PAD, raw, shift)));
        forms.push(("base64url", base64_inside(&URL_SAFE_NO_PAD, raw, shift)));
    }
    let hex = random::hex(raw);
    forms.push(("hex", hex.to_uppercase().into_bytes()));
    forms.push(("hex", hex.into_bytes()));
    let urls =
        [percent(secret, false, false), percent(secret, true, false), percent(secret, false, true)];
    forms.extend(urls.map(|url| ("URL", url.into_bytes())));
    let json = serde_json::to_string(secret).expect("a string has a JSON form");
    let json = json[1..json.len() - 1].to_owned();
    // Go escapes what HTML would read.
    let go = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    // A JSON text inside a JSON text.
    let twice = go.replace('\\', "\\\\").replace('"', "\\\"");
    forms.extend([json, go, twice].map(|json| ("JSON", json.into_bytes())));
    // PostgreSQL doubles quotes in a literal, a shell closes and opens them.
    forms.push(("SQL", secret.replace('\'', "''").into_bytes()));
    forms.push(("shell", secret.replace('\'', "'\\''").into_bytes()));
    let mut seen = std::collections::HashSet::new();
    forms.retain(|(_, needle)| seen.insert(needle.clone()));
    forms
}

/// What base64 makes of a text that begins `shift` bytes into a group of three, without the characters at both ends
/// that depend on what stands beside it.
fn base64_inside(engine: &impl Engine, raw: &[u8], shift: usize) -> Vec<u8> {
    let mut padded = vec![0; shift];
    padded.extend(raw);
    let text = engine.encode(&padded).into_bytes();
    let from = (shift * 8).div_ceil(6);
    let to = padded.len() * 8 / 6;
    text[from..to].to_vec()
}

/// Percent-encoding: of everything but unreserved characters (RFC 3986 §2.3), with either case of digits, and with
/// `+` for a blank as forms have it.
fn percent(secret: &str, lower: bool, form: bool) -> String {
    secret.bytes().fold(String::new(), |mut url, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                url.push(char::from(byte));
                Ok(())
            }
            b' ' if form => {
                url.push('+');
                Ok(())
            }
            _ if lower => write!(url, "%{byte:02x}"),
            _ => write!(url, "%{byte:02X}"),
        }
        .expect("a string takes what is written to it");
        url
    })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn found(secret: &str, text: &str) -> Vec<&'static str> {
        let forms = of(secret);
        forms
            .into_iter()
            .filter(|(_, needle)| text.as_bytes().windows(needle.len()).any(|part| part == needle))
            .map(|(form, _)| form)
            .collect()
    }

    #[test]
    fn every_form_is_found() {
        let secret = "cn&<tweet>\"/+='% end";
        assert_eq!(found(secret, &format!("x{secret}y")), ["raw"]);
        assert_eq!(found(secret, &serde_json::json!({ "k": secret }).to_string()), ["JSON"]);
        let go = r#"{"k":"cn\u0026\u003ctweet\u003e\"/+='% end"}"#;
        assert_eq!(found(secret, go), ["JSON"]);
        let nested = serde_json::json!({ "body": go }).to_string();
        assert_eq!(found(secret, &nested), ["JSON"]);
        assert_eq!(found(secret, "?q=cn%26%3Ctweet%3E%22%2F%2B%3D%27%25%20end"), ["URL"]);
        assert_eq!(found(secret, "?q=cn%26%3Ctweet%3E%22%2F%2B%3D%27%25+end"), ["URL"]);
        assert_eq!(found(secret, "'cn&<tweet>\"/+=''% end'"), ["SQL"]);
        assert_eq!(found(secret, &format!("\\x{}", random::hex(secret.as_bytes()))), ["hex"]);
        assert_eq!(found(secret, "cn&<twit>\"/+='% end"), Vec::<&str>::new());
    }

    #[test]
    fn base64_is_found_in_any_alignment() {
        let secret = "correct horse battery";
        for before in ["", "a", "ab", "abc", "{\"password\":\""] {
            for after in ["", "z", "\"}"] {
                let text = STANDARD.encode(format!("{before}{secret}{after}"));
                assert!(found(secret, &text).contains(&"base64"), "{before:?} {after:?}");
            }
        }
        assert!(found(secret, &STANDARD.encode("correct horse batter!")).is_empty());
    }
}
