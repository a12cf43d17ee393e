// SPDX-License-Identifier: MPL-2.0
//! Durations as Vault answers them.

use serde_json::Value;

/// Reads a duration in seconds: `3600`, `"3600"`, `"1h"`, `"1h30m"`, `"7d"`; `null` and `""` are zero.
///
/// The forms are those of the Vault manual ("Duration string format"); a fraction, a unit below the second or an
/// overflow is `None`.
pub fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::Null => Some(0),
        Value::Number(number) => number.as_u64(),
        Value::String(text) => from_text(text.trim()),
        _ => None,
    }
}

fn from_text(text: &str) -> Option<u64> {
    if text.is_empty() {
        return Some(0);
    }
    if let Ok(plain) = text.parse() {
        return Some(plain);
    }
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit = match rest.as_bytes()[digits] {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    Some(total)
}
