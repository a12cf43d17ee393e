// SPDX-License-Identifier: MPL-2.0
//! Numbers, exact.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::ser::{Serialize, Serializer};

use super::private;

/// The largest power of ten that a text may name, either way.
const MAX_EXPONENT: i64 = 1_000_000_000;

/// The most significant decimal digits that an `f64` can have when it is written out exactly.
const F64_DIGITS: usize = 767;

/// How many zeros are written out before the scientific notation is used.
const MAX_PADDING: i64 = 64;

/// A number, exact to the last decimal digit.
///
/// It is kept normalised, so that equal numbers are equal: `1`, `1.0` and `10e-1` are one number, and there is no
/// negative zero. Infinities and NaN are no numbers here: reading one is an error.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    /// Decimal digits without leading or trailing zeros; none at all for zero.
    digits: String,
    /// The power of ten of the last digit.
    exponent: i64,
}

/// Why something is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text is no decimal number.
    #[error("is not a decimal number")]
    Syntax,
    /// The power of ten is beyond a thousand million.
    #[error("is a number with an exponent out of range")]
    Exponent,
    /// A float is infinite or not a number.
    #[error("is not a finite number")]
    NotFinite,
}

// === impl Number ===

impl Number {
    /// Zero.
    pub fn zero() -> Self {
        Self { negative: false, digits: String::new(), exponent: 0 }
    }

    /// Reads a decimal text in the grammar of JSON, with an optional `+` and leading zeros besides.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return Err(NumberError::Syntax),
            Some((whole, fraction)) => (whole, fraction),
            None => (mantissa, ""),
        };
        let decimal = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !decimal(whole) || !decimal(fraction) {
            return Err(NumberError::Syntax);
        }
        let digits = format!("{whole}{fraction}");
        let places = i64::try_from(fraction.len()).map_err(|_| NumberError::Exponent)?;
        Ok(Self::normalised(negative, &digits, exponent - places))
    }

    fn normalised(negative: bool, digits: &str, exponent: i64) -> Self {
        let digits = digits.trim_start_matches('0');
        let trimmed = digits.trim_end_matches('0');
        if trimmed.is_empty() {
            return Self::zero();
        }
        let dropped = i64::try_from(digits.len() - trimmed.len()).unwrap_or(i64::MAX);
        Self { negative, digits: trimmed.to_owned(), exponent: exponent.saturating_add(dropped) }
    }

    /// The exact value of a float, as the wire carries it: 0.1 as a float is 0.1000000000000000055….
    pub(crate) fn exactly(value: f64) -> Result<Self, NumberError> {
        if !value.is_finite() {
            return Err(NumberError::NotFinite);
        }
        Self::parse(&format!("{value:.*e}", F64_DIGITS - 1))
    }

    /// The float that has exactly this value, where there is one.
    pub(crate) fn to_f64_exactly(&self) -> Option<f64> {
        let float = self.nearest_f64()?;
        (Self::exactly(float).as_ref() == Ok(self)).then_some(float)
    }

    /// Whether it has no fraction.
    pub fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// The number as an `i64`, where it is one.
    pub fn to_i64(&self) -> Option<i64> {
        if self.is_integer() && self.magnitude() <= 19 { self.plain().parse().ok() } else { None }
    }

    /// The number as a `u64`, where it is one.
    pub fn to_u64(&self) -> Option<u64> {
        if self.is_integer() && self.magnitude() <= 20 { self.plain().parse().ok() } else { None }
    }

    /// The number as an `i32`, where it is one.
    pub fn to_i32(&self) -> Option<i32> {
        self.to_i64()?.try_into().ok()
    }

    /// The number as an `f64` that loses nothing.
    ///
    /// Either the float has exactly this value, or its shortest text is this number (0.1 is one such), so that
    /// `Number::try_from` gives the same number back.
    pub fn to_f64(&self) -> Option<f64> {
        let float = self.nearest_f64()?;
        let same = |number: Result<Self, NumberError>| number.as_ref() == Ok(self);
        (same(Self::try_from(float)) || same(Self::exactly(float))).then_some(float)
    }

    fn nearest_f64(&self) -> Option<f64> {
        if self.digits.len() > F64_DIGITS {
            return None;
        }
        self.scientific().parse().ok().filter(|float: &f64| float.is_finite())
    }

    /// The power of ten just above the number: 3 for 123 and for 999.5, 0 for 0.5.
    fn magnitude(&self) -> i64 {
        i64::try_from(self.digits.len()).unwrap_or(i64::MAX).saturating_add(self.exponent)
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }

    fn scientific(&self) -> String {
        if self.digits.is_empty() {
            return "0".to_owned();
        }
        let (first, rest) = self.digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        format!("{}{first}{point}{rest}e{}", self.sign(), self.magnitude() - 1)
    }

    fn plain(&self) -> String {
        if self.digits.is_empty() {
            return "0".to_owned();
        }
        let (sign, digits) = (self.sign(), &self.digits);
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
        match usize::try_from(self.magnitude()) {
            _ if self.exponent >= 0 => format!("{sign}{digits}{}", zeros(self.exponent)),
            Ok(whole) if whole > 0 => format!("{sign}{}.{}", &digits[..whole], &digits[whole..]),
            _ => format!("{sign}0.{}{digits}", zeros(-self.magnitude())),
        }
    }
}

fn parse_exponent(text: &str) -> Result<i64, NumberError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Syntax);
    }
    let exponent: i64 = text.parse().map_err(|_| NumberError::Exponent)?;
    if exponent.abs() > MAX_EXPONENT { Err(NumberError::Exponent) } else { Ok(exponent) }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let padding = if self.exponent >= 0 { self.exponent } else { -self.magnitude() };
        f.write_str(&if padding <= MAX_PADDING { self.plain() } else { self.scientific() })
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::parse(text)
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        // Without trailing zeros, digits at the same magnitude compare as text: a prefix is the smaller number.
        let size = || {
            self.magnitude().cmp(&other.magnitude()).then_with(|| self.digits.cmp(&other.digits))
        };
        match (sign(self), sign(other)) {
            (1, 1) => size(),
            (-1, -1) => size().reverse(),
            (one, two) => one.cmp(&two),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::normalised(value < 0, &value.unsigned_abs().to_string(), 0)
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::normalised(false, &value.to_string(), 0)
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Self {
        i64::from(value).into()
    }
}

impl From<u32> for Number {
    fn from(value: u32) -> Self {
        u64::from(value).into()
    }
}

impl TryFrom<f64> for Number {
    type Error = NumberError;

    /// The shortest decimal that reads as this float: 0.1 is 0.1.
    fn try_from(value: f64) -> Result<Self, NumberError> {
        if value.is_finite() {
            Self::parse(&format!("{value:e}"))
        } else {
            Err(NumberError::NotFinite)
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(private::NUMBER, &self.to_string())
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Number, D::Error> {
                let text = String::deserialize(deserializer)?;
                Number::parse(&text).map_err(D::Error::custom)
            }
        }

        deserializer.deserialize_newtype_struct(private::NUMBER, Text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
