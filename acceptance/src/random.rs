// SPDX-License-Identifier: MPL-2.0
//! Passwords, tokens and keys that live as long as one test.

use std::fmt::Write as _;

/// A password of 128 random bits in lower-case hexadecimal digits, hence safe in any URL or statement.
pub fn password() -> String {
    hex(&bytes::<16>())
}

/// A secret whose every encoding differs from its plain form: letters, digits, and what JSON, URLs and shells escape.
pub fn canary() -> String {
    format!("cn&<{}>\"/+='% {}", hex(&bytes::<12>()), hex(&bytes::<4>()))
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes what is written to it");
        text
    })
}

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness");
    bytes
}
