// SPDX-License-Identifier: MPL-2.0
//! Durations as users write them: `90s`, `15m`, `1h30m`, `7d`, or bare seconds.

use core::time::Duration;

/// Reads a duration; `None` where it is not one. At most ten years.
pub fn parse(text: &str) -> Option<Duration> {
    let seconds = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()?
    } else {
        units(text)?
    };
    (seconds <= 10 * 366 * 86_400).then(|| Duration::from_secs(seconds))
}

fn units(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    let mut last = u64::MAX;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let unit = match tail.chars().next()? {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        // Units come once each, largest first, so that `1m1h` is a mistake and not a duration.
        if unit >= last {
            return None;
        }
        last = unit;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(unit)?)?;
        rest = &tail[1..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let seconds = |text| parse(text).map(|duration| duration.as_secs());
        for (text, wanted) in [
            ("0", Some(0)),
            ("3600", Some(3_600)),
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("1h30m", Some(5_400)),
            ("7d", Some(604_800)),
            ("", None),
            ("h", None),
            ("1m1h", None),
            ("1h1h", None),
            ("1.5h", None),
            ("-1h", None),
            ("1w", None),
            ("1h ", None),
            ("99999999999999999999s", None),
            ("4000d", None),
        ] {
            assert_eq!(seconds(text), wanted, "{text:?}");
        }
    }
}
