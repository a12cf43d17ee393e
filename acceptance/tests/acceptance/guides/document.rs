// SPDX-License-Identifier: MPL-2.0
//! A guide as a reader follows it: headings and blocks of code, in order.
//!
//! A comment of HTML on the line before a block says what cannot be said in it: `file: NAME`, `exit: CODE`, `usage of:
//! COMMAND; COMMAND`, `not run: REASON`. A block of HCL names its file itself, in its first line: `# main.tf`.

use std::path::Path;

use acceptance::provider;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// One guide.
pub struct Document {
    pub name: String,
    pub parts: Vec<Part>,
}

/// What a walk meets.
#[derive(Debug)]
pub enum Part {
    Heading(String),
    Block(Block),
}

/// A block of code.
#[derive(Clone, Debug)]
pub struct Block {
    pub language: String,
    pub text: String,
    pub note: Option<Note>,
}

/// What the comment before a block says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// It is this file.
    File(String),
    /// Its command ends with this code.
    Exit(i32),
    /// It is the grammar of these commands, separated by semicolons: every option is in it, and no other.
    UsageOf(String),
    /// It is for reading, and why.
    NotRun(String),
}

// === impl Document ===

impl Document {
    pub fn of(name: &str) -> Self {
        let path = provider::root().join("docs/guides").join(format!("{name}.md"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::read(name, &text)
    }

    pub fn read(name: &str, text: &str) -> Self {
        let body = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
        let (_, body) = body.unwrap_or_else(|| panic!("{name} has no front matter"));
        let mut parts = Vec::new();
        let (mut heading, mut block) = (None::<String>, None::<Block>);
        let mut note = None;
        for event in Parser::new(body) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    parts.extend(heading.take().map(Part::Heading));
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                    let (language, note) = (language.to_string(), note.take());
                    let began = Block { language, text: String::new(), note };
                    assert!(began.fits(), "{name}: this is no such block: {began:?}");
                    block = Some(began);
                }
                Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                    panic!("{name}: a block of code without a fence has no language");
                }
                Event::End(TagEnd::CodeBlock) => parts.extend(block.take().map(Part::Block)),
                Event::Html(html) => {
                    assert!(note.is_none(), "{name}: two comments for one block: {note:?}");
                    note = Note::read(name, &html);
                }
                Event::InlineHtml(html) => panic!("{name}: a comment within a text: {html}"),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(block) = &mut block {
                        block.text.push_str(&text);
                    } else if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    } else {
                        assert!(
                            note.is_none(),
                            "{name}: a comment stands before no block: {note:?}"
                        );
                    }
                }
                _ => {}
            }
        }
        assert!(note.is_none(), "{name}: a comment stands before no block: {note:?}");
        Self { name: name.to_owned(), parts }
    }

    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.parts.iter().filter_map(|part| match part {
            Part::Block(block) => Some(block),
            Part::Heading(_) => None,
        })
    }
}

// === impl Block ===

impl Block {
    pub fn is_hcl(&self) -> bool {
        matches!(&*self.language, "hcl" | "terraform")
    }

    pub fn is_shell(&self) -> bool {
        matches!(&*self.language, "sh" | "shell")
    }

    /// Whether what is said of it can be said of such a block.
    fn fits(&self) -> bool {
        match &self.note {
            None | Some(Note::NotRun(_)) => true,
            Some(Note::File(_)) => !self.is_hcl() && self.language != "text",
            Some(Note::Exit(_)) => self.is_shell(),
            Some(Note::UsageOf(_)) => self.language == "text",
        }
    }

    /// The file that it is.
    pub fn file(&self) -> Option<&str> {
        match &self.note {
            Some(Note::File(name)) => Some(name),
            _ if self.is_hcl() => {
                let name = self.text.lines().next()?.strip_prefix("# ")?;
                Path::new(name).extension().is_some_and(|ext| ext == "tf").then_some(name)
            }
            _ => None,
        }
    }
}

// === impl Note ===

impl Note {
    fn read(guide: &str, html: &str) -> Option<Self> {
        let said = html.trim().strip_prefix("<!--")?.strip_suffix("-->");
        let said = said.unwrap_or_else(|| panic!("{guide}: a comment of one line: {html}")).trim();
        let (key, value) = said.split_once(": ").unwrap_or((said, ""));
        let value = value.to_owned();
        Some(match key {
            "file" => Self::File(value),
            "exit" => Self::Exit(value.parse().unwrap_or_else(|_| panic!("{guide}: {said}"))),
            "usage of" => Self::UsageOf(value),
            "not run" => Self::NotRun(value),
            _ => panic!("{guide}: what is <!-- {said} -->?"),
        })
    }
}

/// A guide with nothing but this in it.
#[cfg(test)]
fn guide(text: &str) -> Document {
    Document::read("guide", &format!("---\nx: y\n---\n{text}"))
}

#[test]
fn a_comment_belongs_to_its_block() {
    let read = guide("<!-- exit: 3 -->\n```sh\nfalse\n```\n");
    assert_eq!(read.blocks().next().unwrap().note, Some(Note::Exit(3)));
    for misplaced in [
        "<!-- exit: 1 -->\n```text\nx\n```\n",
        "<!-- usage of: x -->\n```sh\nx\n```\n",
        "<!-- file: x -->\n```hcl\nx\n```\n",
        "<!-- exit: 1 -->\n\nText.\n",
        "Text <!-- exit: 1 --> text.\n",
        "```sh\nx\n```\n\n<!-- exit: 1 -->\n",
        "<!-- exit: 1 -->\n<!-- file: x -->\n```sh\nx\n```\n",
        "<!-- strange: 1 -->\n```sh\nx\n```\n",
    ] {
        assert!(std::panic::catch_unwind(|| guide(misplaced)).is_err(), "{misplaced}");
    }
}
