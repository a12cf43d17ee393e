// SPDX-License-Identifier: MPL-2.0
//! What is a word, against an oracle of its own; and what a message may hold.

use appenv::naming::{
    Declared, Environments, Inputs, NameError, Names, Template, check_app, check_env, check_name,
    check_service, parse_instance,
};
use proptest::prelude::*;

use super::super::{defaults, set};

/// The grammar, said another way.
fn is_kebab(text: &str, bytes: usize) -> bool {
    text.len() <= bytes
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && text.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'))
        })
}

fn is_reserved(word: &str) -> bool {
    word == "ops" || word.ends_with("-ops")
}

/// Texts near the grammar, and texts far from it.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z0-9-]{0,45}",
        "[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4}){0,3}",
        ("[a-z]{1,6}", any::<char>(), "[a-z-]{0,6}").prop_map(|(a, c, b)| format!("{a}{c}{b}")),
        prop::sample::select(vec![
            "sh\u{43e}p",
            "\u{430}pp",
            "a\u{202e}b",
            "a\u{200b}b",
            "\u{ff45}rp",
            "erp\0",
            "erp\n",
            "Erp",
            "erp_x",
            "e r p",
            "erp/..",
            "../erp",
            "%2e%2e",
            "+",
            "*",
            "erp*",
            "{{identity}}",
            "'",
            "\"",
            "\\",
            "$$",
            ";--",
            "cafe\u{301}",
            "caf\u{e9}",
            "\u{130}",
            "\u{212a}",
        ])
        .prop_map(str::to_owned),
    ]
}

fn printable(errors: &[NameError]) -> Result<(), TestCaseError> {
    for error in errors {
        for text in [&error.summary, &error.detail] {
            prop_assert!(text.chars().all(|c| matches!(c, ' '..='~')), "{text:?}");
            prop_assert!(text.len() < 4000, "{} bytes", text.len());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn accepts_the_grammar_and_nothing_else(text in texts()) {
        prop_assert_eq!(
            check_app(&text).is_ok(),
            is_kebab(&text, 40) && text != "appenv" && !is_reserved(&text)
        );
        let env = ["main", "secrets", "appenv", "backup"].contains(&text.as_str());
        prop_assert_eq!(check_env(&text).is_ok(), is_kebab(&text, 20) && !env && !is_reserved(&text));
        prop_assert_eq!(check_service(&text).is_ok(), is_kebab(&text, 30));
    }

    #[test]
    fn a_message_is_printable_whatever_the_input(text in texts(), other in texts()) {
        let mut errors = Vec::new();
        errors.extend(check_app(&text).err());
        errors.extend(check_env(&text).err());
        errors.extend(check_service(&text).err());
        errors.extend(check_name("app_dir", &text).err());
        errors.extend(check_name(&text, &other).err());
        errors.extend(Template::parse("database", &text).err());
        errors.extend(Environments::new(&text, None, Vec::new()).err().into_iter().flatten());
        let declared = Declared { name: text.clone(), production: true, apps: Some(set(&[&other])) };
        errors.extend(
            Environments::new("elided-v1", Some(&other), vec![declared.clone(), declared]).err().into_iter().flatten()
        );
        errors.extend(defaults().coordinate(&text, &other).err().into_iter().flatten());
        errors.extend(parse_instance(&text, &defaults()).err());
        let environments = defaults();
        let inputs = Inputs {
            organization: Some(text.clone()),
            domain: Some(text.clone()),
            root: Some(text.clone()),
        };
        let coordinate = environments.coordinate("erp", "prod").unwrap();
        let names = Names::derive(&environments, &coordinate, &set(&[&text, &other]), &inputs);
        errors.extend(names.err().into_iter().flatten());
        printable(&errors)?;
    }
}

#[test]
fn the_longest_words_are_accepted_and_one_byte_more_is_not() {
    for (check, bytes) in
        [(check_app as fn(&str) -> Result<(), NameError>, 40), (check_env, 20), (check_service, 30)]
    {
        check(&"a".repeat(bytes)).unwrap();
        check(&"a".repeat(bytes + 1)).unwrap_err();
    }
}

#[test]
fn a_huge_input_makes_a_small_message() {
    let huge = "a".repeat(5_000_000);
    let error = check_app(&huge).unwrap_err();
    assert!(error.summary.len() < 200 && error.detail.len() < 600, "{}", error.summary);
    let error = parse_instance(&huge, &defaults()).unwrap_err();
    assert!(error.summary.len() < 200 && error.detail.len() < 1000, "{}", error.detail);
}
