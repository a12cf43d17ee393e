//! Every message that the guide of messages explains is one of the provider's, word for word.

use std::fs;
use std::path::Path;

use acceptance::provider;

/// Lines of the provider's sources, with strings as they are printed, and of what is known of its diagnostics.
fn lines_of_messages() -> Vec<String> {
    let mut text = String::new();
    sources(&provider::root().join("provider/src"), &mut text);
    let golden = provider::root().join("acceptance/tests/golden/diagnostics.txt");
    text.push_str(&fs::read_to_string(golden).unwrap());
    text.lines().map(|line| line.replace("\\\"", "\"")).collect()
}

fn sources(dir: &Path, text: &mut String) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_test {
            sources(&path, text);
        } else if !is_test && path.extension().is_some_and(|ext| ext == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

/// Messages of the guide: the code in the first cell of each row.
fn quoted(guide: &str) -> Vec<&str> {
    let rows =
        guide.lines().filter_map(|line| line.strip_prefix("| `` ").or(line.strip_prefix("| `")));
    rows.map(|row| row.split_once(" |").unwrap().0.trim_matches(['`', ' '])).collect()
}

fn is_in(line: &str, message: &str) -> bool {
    let mut rest = line;
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
    let (messages, lines) = (quoted(&guide), lines_of_messages());
    assert!(messages.len() >= 30, "{messages:#?}");
    let strange: Vec<_> =
        messages.iter().filter(|message| !lines.iter().any(|line| is_in(line, message))).collect();
    assert!(strange.is_empty(), "the provider says none of these: {strange:#?}");
}
