//! What a guide shows of an output, against the output.
//!
//! They are compared word by word, so that neither the width of a terminal nor the length of a path counts. `…` or
//! `...` stands for any words, and within a word for any characters.

/// Whether an output has, somewhere in it, what is shown.
pub fn is_shown_by(shown: &str, output: &str) -> bool {
    let (shown, output) = (words(shown), words(output));
    let runs = shown.split(|word| is_gap(word)).filter(|run| !run.is_empty());
    let mut from = 0;
    for run in runs {
        let found = output[from..]
            .windows(run.len())
            .position(|window| run.iter().zip(window).all(|(shown, word)| is_word(shown, word)));
        match found {
            Some(at) => from += at + run.len(),
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
        assert!(is_shown_by(shown, output), "{shown}");
    }
    for shown in [
        "Error: erp/prod update a1-…: approved",
        "Plan: 1 … Error:",
        "Error: erp/dev … approved",
        "Plan: 10",
        "a1-…7:x",
        "",
    ] {
        assert!(!is_shown_by(shown, output), "{shown}");
    }
}
