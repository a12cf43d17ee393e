// SPDX-License-Identifier: MPL-2.0
//! How long an answer took, in steps: the exact time would be another state at each read.

use std::time::Duration;

/// Upper ends of the steps, milliseconds.
const STEPS: [u128; 8] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// `within 50 ms`, by the first step that holds it.
pub(in crate::preflight) fn within(took: Duration) -> String {
    match STEPS.iter().find(|step| took.as_millis() <= **step) {
        Some(step) => format!("within {step} ms"),
        None => "after more than 10 s".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_more_or_less_is_the_same() {
        for (took, told) in [
            (0, "within 50 ms"),
            (37, "within 50 ms"),
            (51, "within 100 ms"),
            (9_999, "within 10000 ms"),
            (10_001, "after more than 10 s"),
        ] {
            assert_eq!(within(Duration::from_millis(took)), told);
        }
    }
}
