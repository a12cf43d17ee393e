// SPDX-License-Identifier: MPL-2.0
//! Values that are made: passwords, random bytes, ids. Randomness comes by argument.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

/// Characters of a password, and bytes of other values, where nothing is said.
pub const LENGTH: usize = 32;
/// Fewest characters of a password, and fewest bytes of other values: 16 bytes are 128 bits.
pub const SHORTEST: usize = 16;
/// Most characters or bytes.
pub const LONGEST: usize = 1024;

/// What kind of value is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Characters of some classes.
    #[default]
    Password,
    /// Random bytes in hexadecimal digits.
    Hex,
    /// Random bytes in base64 (RFC 4648, section 4).
    Base64,
    /// A version 4 UUID (RFC 9562).
    Uuid,
}

/// How a value is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// What kind of value.
    pub kind: Kind,
    /// Characters of a password; bytes, before they are written as digits, of hex and base64.
    pub length: usize,
    /// Whether a password has small letters.
    pub lower: bool,
    /// Whether it has capital letters.
    pub upper: bool,
    /// Whether it has digits.
    pub digits: bool,
    /// Other characters that it has.
    pub symbols: String,
}

/// Why a recipe makes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// Too short or too long.
    #[error("`length` is 16 to 1024")]
    Length,
    /// No class of characters.
    #[error("a password needs a class of characters: `lower`, `upper`, `digits` or `symbols`")]
    Classes,
    /// Characters that cannot be told apart from letters, or that are not printable ASCII.
    #[error(
        "`symbols` holds printable ASCII characters that are no letters, digits or spaces, each once"
    )]
    Symbols,
    /// Too few different values.
    #[error(
        "so few characters of so few kinds are guessed too easily (less than 80 bits): make it longer"
    )]
    Weak,
}

impl Kind {
    /// Every kind, as it is written.
    pub const NAMES: [&str; 4] = ["password", "hex", "base64", "uuid"];

    /// The one of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "password" => Self::Password,
            "hex" => Self::Hex,
            "base64" => Self::Base64,
            "uuid" => Self::Uuid,
            _ => return None,
        })
    }
}

impl Recipe {
    /// 256 bits in hexadecimal digits, for what no user need type.
    pub fn key() -> Self {
        Self {
            kind: Kind::Hex,
            length: LENGTH,
            lower: false,
            upper: false,
            digits: false,
            symbols: String::new(),
        }
    }

    fn classes(&self) -> Vec<&str> {
        let classes = [
            (self.lower, LOWER),
            (self.upper, UPPER),
            (self.digits, DIGITS),
            (!self.symbols.is_empty(), self.symbols.as_str()),
        ];
        classes.into_iter().filter(|(wanted, _)| *wanted).map(|(_, class)| class).collect()
    }

    /// Judges it.
    pub fn check(&self) -> Result<(), RecipeError> {
        if self.kind == Kind::Uuid {
            return Ok(());
        }
        if !(SHORTEST..=LONGEST).contains(&self.length) {
            return Err(RecipeError::Length);
        }
        if self.kind != Kind::Password {
            return Ok(());
        }
        let is_symbol = |c: char| c.is_ascii_graphic() && !c.is_ascii_alphanumeric();
        let twice = |(at, c): (usize, char)| self.symbols[..at].contains(c);
        if !self.symbols.chars().all(is_symbol) || self.symbols.char_indices().any(twice) {
            return Err(RecipeError::Symbols);
        }
        // Wide enough for its eighth power, whatever the platform's words are.
        let alphabet = u64::try_from(self.classes().concat().len()).unwrap_or(u64::MAX);
        if alphabet == 0 {
            return Err(RecipeError::Classes);
        }
        // Whole bits each character is worth at least: the logarithm, rounded down, in sixteenths.
        let sixteenths = alphabet.checked_pow(8).map_or(0, |power| power.ilog2() * 2);
        if self.length * usize::try_from(sixteenths).unwrap_or(0) < 80 * 16 {
            return Err(RecipeError::Weak);
        }
        Ok(())
    }

    /// Makes a value; `random` fills a slice and answers whether it could.
    pub fn make(&self, mut random: impl FnMut(&mut [u8]) -> bool) -> Option<Zeroizing<String>> {
        match self.kind {
            Kind::Password => self.password(&mut random),
            Kind::Hex | Kind::Base64 => {
                let mut bytes = Zeroizing::new(vec![0; self.length]);
                if !random(&mut bytes) {
                    return None;
                }
                Some(Zeroizing::new(if self.kind == Kind::Hex {
                    hex(&bytes)
                } else {
                    BASE64.encode(&*bytes)
                }))
            }
            Kind::Uuid => {
                let mut bytes = Zeroizing::new([0; 16]);
                if !random(&mut *bytes) {
                    return None;
                }
                let id = uuid::Builder::from_random_bytes(*bytes).into_uuid();
                Some(Zeroizing::new(id.to_string()))
            }
        }
    }

    /// Characters drawn evenly from all classes together, over again until each class is among them: every password that
    /// the recipe admits is as likely as any other.
    fn password(&self, random: &mut impl FnMut(&mut [u8]) -> bool) -> Option<Zeroizing<String>> {
        let classes = self.classes();
        let alphabet: Vec<u8> = classes.iter().flat_map(|class| class.bytes()).collect();
        let size = u8::try_from(alphabet.len()).ok().filter(|size| *size > 0)?;
        // Bytes at or above the last whole multiple would favour the first characters.
        let end = u8::MAX - u8::MAX % size;
        for _ in 0..10_000 {
            let mut text = Zeroizing::new(String::with_capacity(self.length));
            let mut bytes = Zeroizing::new([0_u8; 64]);
            while text.len() < self.length {
                if !random(&mut *bytes) {
                    return None;
                }
                for byte in bytes.iter().filter(|byte| **byte < end) {
                    if text.len() < self.length {
                        text.push(char::from(alphabet[usize::from(byte % size)]));
                    }
                }
            }
            if classes.iter().all(|class| text.contains(|c| class.contains(c))) {
                return Some(text);
            }
        }
        None
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 0xf] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn recipe(kind: Kind, length: usize) -> Recipe {
        Recipe { kind, length, lower: true, upper: true, digits: true, symbols: String::new() }
    }

    /// A generator whose output is spread over all bytes (RFC 6979 it is not).
    fn random() -> impl FnMut(&mut [u8]) -> bool {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        move |bytes| {
            for byte in bytes {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                *byte = state.to_le_bytes()[3];
            }
            true
        }
    }

    #[test]
    fn what_is_refused() {
        let with = |change: fn(&mut Recipe)| {
            let mut recipe = recipe(Kind::Password, 32);
            change(&mut recipe);
            recipe.check()
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|r| r.length = 15), Err(RecipeError::Length));
        assert_eq!(with(|r| r.length = 1025), Err(RecipeError::Length));
        assert_eq!(with(|r| r.symbols = "é".into()), Err(RecipeError::Symbols));
        assert_eq!(with(|r| r.symbols = "--".into()), Err(RecipeError::Symbols));
        assert_eq!(with(|r| r.symbols = "-_".into()), Ok(()));
        let only_digits = |r: &mut Recipe| (r.lower, r.upper) = (false, false);
        let mut pin = recipe(Kind::Password, 16);
        only_digits(&mut pin);
        assert_eq!(pin.check(), Err(RecipeError::Weak));
        pin.length = 25;
        assert_eq!(pin.check(), Ok(()));
        pin.digits = false;
        assert_eq!(pin.check(), Err(RecipeError::Classes));
    }

    #[test]
    fn shapes() {
        let mut random = random();
        let hex = recipe(Kind::Hex, 20).make(&mut random).unwrap();
        assert!(hex.len() == 40 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let base64 = recipe(Kind::Base64, 20).make(&mut random).unwrap();
        assert_eq!(BASE64.decode(base64.as_bytes()).unwrap().len(), 20);
        let id = recipe(Kind::Uuid, 0).make(&mut random).unwrap();
        assert_eq!(id.parse::<uuid::Uuid>().unwrap().get_version_num(), 4);
        assert_eq!(recipe(Kind::Hex, 20).make(|_| false), None);
    }

    #[test]
    fn a_password_has_each_class_and_every_character_is_as_likely() {
        let mut random = random();
        let mut recipe = recipe(Kind::Password, 64);
        recipe.symbols = "!-_".to_owned();
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..2_000 {
            let text = recipe.make(&mut random).unwrap();
            assert_eq!(text.len(), 64);
            for class in recipe.classes() {
                assert!(text.contains(|c| class.contains(c)));
            }
            for c in text.chars() {
                *counts.entry(c).or_insert(0_u32) += 1;
            }
        }
        // 128,000 characters of 65: 1,969 each on average. Symbols are a little likelier, since each text holds one.
        assert_eq!(counts.len(), 65);
        assert!(counts.values().all(|count| (1_700..2_400).contains(count)), "{counts:?}");
    }
}
