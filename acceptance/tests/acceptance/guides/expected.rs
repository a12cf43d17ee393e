// SPDX-License-Identifier: MPL-2.0
//! What a guide shows of an output, against the output.
//!
//! They are compared word by word, so that neither the width of a terminal nor the length of a path counts. `…` or
//! `...` stands for any words, and within a word for any characters.

/// How much of an output is shown, where no gap says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// Its end.
    End,
    /// Something in it.
    Part,
}

// === impl Extent ===

impl Extent {
    /// Of what these lines print. What the CLI prints is long, and nowhere shown whole; anything else is.
    pub fn of(lines: &str) -> Self {
        let mut extent = Self::Whole;
        for line in lines.lines().filter(|line| !line.starts_with([' ', '#']) && !line.is_empty()) {
            let last = line.rsplit('|').next().unwrap_or_default();
            let is = |sought: &str| last.split_whitespace().any(|word| word == sought);
            let is_cli = (is("terraform") || is("tofu")) && !is(">");
            extent = match extent {
                _ if is_cli => Self::Part,
                Self::Part => Self::End,
                other => other,
            };
        }
        extent
    }
}

/// Whether an output has so much of itself in what is shown.
pub fn is_shown_by(shown: &str, output: &str, extent: Extent) -> bool {
    let (shown, output) = (words(shown), words(output));
    let is_run = |run: &[&str], at: usize| {
        let window = output.get(at..at + run.len());
        window
            .is_some_and(|window| run.iter().zip(window).all(|(shown, word)| is_word(shown, word)))
    };
    let runs: Vec<_> = shown.split(|word| is_gap(word)).collect();
    let mut from = 0;
    for (number, run) in runs.iter().enumerate().filter(|(_, run)| !run.is_empty()) {
        let end = output.len().saturating_sub(run.len());
        let begins = number == 0 && extent == Extent::Whole;
        let ends = number + 1 == runs.len() && extent != Extent::Part;
        let first = if ends { end.max(from) } else { from };
        let last = if begins { from } else { end };
        match (first..=last).find(|&at| is_run(run, at)) {
            Some(at) => from = at + run.len(),
            None => return false,
        }
    }
    !shown.is_empty()
}

/// The words, without the frames that a CLI draws around errors.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| !matches!(*word, "│" | "╷" | "╵")).collect()
}

fn is_gap(word: &str) -> bool {
    matches!(word, "…" | "...")
}

fn is_word(shown: &str, word: &str) -> bool {
    let mut parts = shown.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = word.strip_prefix(first) else { return false };
    let mut open = false;
    for part in parts {
        open = true;
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || (open && shown.ends_with('…'))
}

#[test]
fn words_are_compared_and_gaps_are_gaps() {
    let output = "╷\n│ Error: erp/prod update a1-x4kq77: not\n│ approved\n╵\nPlan: 1 to add";
    for shown in [
        "Error: erp/prod update a1-…: not approved",
        "Error: … approved",
        "not\n  approved\n…\nPlan: 1 …",
    ] {
        assert!(is_shown_by(shown, output, Extent::Part), "{shown}");
    }
    for shown in [
        "Error: erp/prod update a1-…: approved",
        "Plan: 1 … Error:",
        "Error: erp/dev … approved",
        "Plan: 10",
        "a1-…7:x",
        "",
    ] {
        assert!(!is_shown_by(shown, output, Extent::Part), "{shown}");
    }
}

#[test]
fn what_is_shown_whole_is_whole() {
    let output = "a b\nc d";
    for (shown, extents) in [
        ("a b c d", &[Extent::Whole, Extent::End, Extent::Part][..]),
        ("a … d", &[Extent::Whole, Extent::End, Extent::Part]),
        ("… c d", &[Extent::Whole, Extent::End, Extent::Part]),
        ("a b …", &[Extent::Whole, Extent::End, Extent::Part]),
        ("… b c …", &[Extent::Whole, Extent::End, Extent::Part]),
        ("c d", &[Extent::End, Extent::Part]),
        ("a b", &[Extent::Part]),
        ("b …", &[Extent::End, Extent::Part]),
        ("a b c d e", &[]),
        ("d …  d", &[]),
    ] {
        for extent in [Extent::Whole, Extent::End, Extent::Part] {
            assert_eq!(
                is_shown_by(shown, output, extent),
                extents.contains(&extent),
                "{shown} {extent:?}"
            );
        }
    }
}

#[test]
fn the_cli_alone_prints_more_than_is_shown() {
    for (lines, extent) in [
        ("psql -c 'SELECT 1'\ncat x", Extent::Whole),
        ("psql -c 'SELECT 1'\nterraform plan", Extent::Part),
        ("A=$(cat x) terraform apply\n# so\nls", Extent::End),
        ("terraform plan -json > x || true\nterraform-provider-appenv gate x", Extent::Whole),
        ("terraform show -json | jq '.x\n  | .terraform'", Extent::Whole),
        ("tofu plan 2> log", Extent::Part),
    ] {
        assert_eq!(Extent::of(lines), extent, "{lines}");
    }
}
