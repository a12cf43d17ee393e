// SPDX-License-Identifier: MPL-2.0

use proptest::prelude::*;

use super::*;

fn n(text: &str) -> Number {
    Number::parse(text).unwrap()
}

#[test]
fn equal_numbers_are_equal() {
    for (one, other) in [
        ("1", "1.0"),
        ("1", "10e-1"),
        ("1", "+1"),
        ("1", "0001.000"),
        ("0", "-0"),
        ("0", "0.000e99"),
        ("0.1", "1e-1"),
        ("1e40", "10000000000000000000000000000000000000000"),
        ("-1.50", "-15e-1"),
        ("1E+2", "100"),
    ] {
        assert_eq!(n(one), n(other), "{one} and {other}");
    }
    assert_eq!(Number::from(1_i64), n("1.0"));
    assert_eq!(Number::from(0_i64), Number::zero());
    assert_ne!(n("1"), n("-1"));
    assert_ne!(n("1"), n("10"));
}

#[test]
fn text_is_canonical() {
    for (text, expected) in [
        ("0", "0"),
        ("-0.0", "0"),
        ("1.50", "1.5"),
        ("-12.25", "-12.25"),
        ("0.1", "0.1"),
        ("1e-3", "0.001"),
        ("1200", "1200"),
        ("1e20", "100000000000000000000"),
        ("1e40", "10000000000000000000000000000000000000000"),
        ("18446744073709551615", "18446744073709551615"),
        ("1e65", "1e65"),
        ("-1.25e100", "-1.25e100"),
        ("1e-64", "0.000000000000000000000000000000000000000000000000000000000000000\u{31}"),
        ("1e-66", "1e-66"),
        ("12e-70", "1.2e-69"),
        ("1e1000000000", "1e1000000000"),
    ] {
        assert_eq!(n(text).to_string(), expected, "{text}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in [
        "", "-", "+", ".", ".5", "5.", "1e", "1e+", "e5", "1.e5", " 1", "1 ", "0x10", "1_000",
        "NaN", "Inf", "-inf", "--1", "+-1", "1.2.3", "1e1.5", "1e--5", "١", "1é",
    ] {
        assert_eq!(Number::parse(text), Err(NumberError::Syntax), "{text}");
    }
    for text in ["1e1000000001", "1e-1000000001", "1e99999999999999999999999999"] {
        assert_eq!(Number::parse(text), Err(NumberError::Exponent), "{text}");
    }
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Number::try_from(float), Err(NumberError::NotFinite));
        assert_eq!(Number::exactly(float), Err(NumberError::NotFinite));
    }
}

#[test]
fn integers_are_exact_or_refused() {
    assert_eq!(n("9223372036854775807").to_i64(), Some(i64::MAX));
    assert_eq!(n("-9223372036854775808").to_i64(), Some(i64::MIN));
    assert_eq!(n("9223372036854775808").to_i64(), None);
    assert_eq!(n("9223372036854775808").to_u64(), Some(1 << 63));
    assert_eq!(n("18446744073709551615").to_u64(), Some(u64::MAX));
    assert_eq!(n("18446744073709551616").to_u64(), None);
    assert_eq!(n("-1").to_u64(), None);
    assert_eq!(n("1.5").to_i64(), None);
    assert_eq!(n("15e-1").to_u64(), None);
    assert_eq!(n("1e18").to_i64(), Some(1_000_000_000_000_000_000));
    assert_eq!(n("1e1000000000").to_i64(), None);
    assert_eq!(n("0").to_i64(), Some(0));
    assert_eq!(n("2147483647").to_i32(), Some(i32::MAX));
    assert_eq!(n("2147483648").to_i32(), None);
}

#[test]
fn floats_lose_nothing_or_are_refused() {
    assert_eq!(n("0.1").to_f64(), Some(0.1));
    assert_eq!(n("0.1").to_f64_exactly(), None);
    assert_eq!(n("1.5").to_f64_exactly(), Some(1.5));
    assert_eq!(n("0.5").to_f64(), Some(0.5));
    assert_eq!(n("0.10000000000000001").to_f64(), None);
    assert_eq!(
        n("0.1000000000000000055511151231257827021181583404541015625").to_f64_exactly(),
        Some(0.1)
    );
    assert_eq!(n("9007199254740993").to_f64(), None);
    assert_eq!(n("9007199254740992").to_f64(), Some(9_007_199_254_740_992.0));
    assert_eq!(n("1e400").to_f64(), None);
    assert_eq!(n("1e-400").to_f64(), None);
    assert_eq!(n("5e-324").to_f64(), Some(5e-324));
    assert_eq!(Number::try_from(0.1).unwrap(), n("0.1"));
    assert_ne!(Number::exactly(0.1).unwrap(), n("0.1"));
    let long = format!("1{}1", "0".repeat(800));
    assert_eq!(n(&long).to_f64(), None);
    let smallest = Number::exactly(5e-324).unwrap();
    assert_eq!(smallest.digits.len(), 751);
    assert_eq!(smallest.to_f64_exactly(), Some(5e-324));
    let longest = Number::exactly(f64::from_bits(0x000f_ffff_ffff_ffff)).unwrap();
    assert_eq!(longest.digits.len(), 767);
    assert_eq!(longest.to_f64_exactly(), Some(f64::from_bits(0x000f_ffff_ffff_ffff)));
}

#[test]
fn numbers_have_an_order() {
    let ascending = ["-1e40", "-10", "-9.5", "-0.001", "0", "1e-70", "0.01", "0.1", "0.12", "1"];
    let ascending = ascending.iter().chain(&["9", "10", "99", "100.5", "101", "1e70"]);
    let numbers: Vec<_> = ascending.map(|text| n(text)).collect();
    assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
}

proptest! {
    #[test]
    fn text_reads_back(text in "-?[0-9]{1,40}(\\.[0-9]{1,40})?(e-?[0-9]{1,3})?") {
        let number = n(&text);
        prop_assert_eq!(&n(&number.to_string()), &number);
        prop_assert_eq!(&n(&number.scientific()), &number);
        prop_assert_eq!(&n(&number.plain()), &number);
    }

    #[test]
    fn integers_read_back(value: i64, unsigned: u64) {
        prop_assert_eq!(Number::from(value).to_i64(), Some(value));
        prop_assert_eq!(Number::from(unsigned).to_u64(), Some(unsigned));
        prop_assert_eq!(Number::from(value).to_string(), value.to_string());
    }

    #[test]
    fn floats_read_back(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        prop_assert_eq!(Number::try_from(value).unwrap().to_f64(), Some(value));
        prop_assert_eq!(Number::exactly(value).unwrap().to_f64_exactly(), Some(value));
    }

    #[test]
    fn integers_order_as_integers(one: i64, other: i64) {
        prop_assert_eq!(Number::from(one).cmp(&Number::from(other)), one.cmp(&other));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,40}") {
        let _ = Number::parse(&text);
    }
}
