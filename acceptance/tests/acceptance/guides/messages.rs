// SPDX-License-Identifier: MPL-2.0
//! Every message that the guide of messages explains is one of the provider's, word for word.

use std::fs;
use std::path::Path;
use std::str::FromStr;

use acceptance::provider;
use proc_macro2::{TokenStream, TokenTree};
use syn::LitStr;

/// The texts of the provider's sources, and the summaries that are known of its diagnostics.
fn texts_of_messages() -> Vec<String> {
    let mut texts = Vec::new();
    sources(&provider::root().join("provider/src"), &mut texts);
    let golden = provider::root().join("acceptance/tests/golden/diagnostics.txt");
    let golden = fs::read_to_string(golden).unwrap();
    let summaries = golden
        .lines()
        .filter_map(|line| line.strip_prefix("Error: ").or(line.strip_prefix("Warning: ")));
    texts.extend(summaries.map(str::to_owned));
    texts
}

fn sources(dir: &Path, texts: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_test {
            sources(&path, texts);
        } else if !is_test && path.extension().is_some_and(|ext| ext == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            literals(TokenStream::from_str(&source).unwrap(), texts);
        }
    }
}

/// Every string, but those of comments and of what is only compiled for tests.
fn literals(tokens: TokenStream, texts: &mut Vec<String>) {
    let mut tokens = tokens.into_iter().peekable();
    let mut is_for_tests = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let Some(TokenTree::Group(attribute)) = tokens.peek() else { continue };
                let told = attribute.stream().to_string();
                if told.replace(' ', "") == "cfg(test)" {
                    is_for_tests = true;
                }
                if !told.starts_with("error") {
                    tokens.next();
                }
            }
            // The body of what the attribute stands before.
            TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace => {
                if !is_for_tests {
                    literals(group.stream(), texts);
                }
                is_for_tests = false;
            }
            TokenTree::Group(group) => literals(group.stream(), texts),
            TokenTree::Punct(punct) if punct.as_char() == ';' => is_for_tests = false,
            TokenTree::Literal(literal) => {
                texts.extend(
                    syn::parse_str::<LitStr>(&literal.to_string()).map(|text| text.value()),
                );
            }
            _ => {}
        }
    }
}

/// Messages of the guide: the code in the first cell of each row.
fn quoted(guide: &str) -> Vec<&str> {
    let rows =
        guide.lines().filter_map(|line| line.strip_prefix("| `` ").or(line.strip_prefix("| `")));
    rows.map(|row| row.split_once(" |").unwrap().0.trim_matches(['`', ' '])).collect()
}

fn is_in(text: &str, message: &str) -> bool {
    let mut rest = text;
    message
        .split('…')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .all(|part| rest.split_once(part).map(|(_, behind)| rest = behind).is_some())
}

#[test]
fn every_message_of_the_guide_is_one_of_the_provider() {
    let path = provider::root().join("docs/guides/troubleshooting.md");
    let guide = fs::read_to_string(path).unwrap();
    let (messages, texts) = (quoted(&guide), texts_of_messages());
    assert!(messages.len() >= 30, "{messages:#?}");
    let strange: Vec<_> =
        messages.iter().filter(|message| !texts.iter().any(|text| is_in(text, message))).collect();
    assert!(strange.is_empty(), "the provider says none of these: {strange:#?}");
}

#[test]
fn comments_and_tests_are_no_messages() {
    let source = "/// \"one\"\n#[error(\"two {0}\")]\nstruct A; // \"three\"\n#[cfg(test)]\nmod tests { fn f() { g(\"four\"); } }\n\
                  #[cfg(test)]\nuse x;\nfn h() { format!(\"fi\\\n  ve \\\"{x}\\\"\"); }";
    let mut texts = Vec::new();
    literals(TokenStream::from_str(source).unwrap(), &mut texts);
    assert_eq!(texts, ["two {0}", "five \"{x}\""]);
}
