// SPDX-License-Identifier: MPL-2.0
//! What a value of the configuration may be. Each answers `None` where it is unknown or was refused.

use regex::Regex;
use reqwest::Url;
use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use crate::naming::shown;

/// One block: where it is, and what was found in it.
pub(super) struct Judge<'a> {
    /// Its path.
    pub at: Path,
    /// Where mistakes go.
    pub errors: &'a mut Errors,
}

// === impl Judge ===

impl Judge<'_> {
    /// Refuses a value.
    pub fn refuse(&mut self, name: &str, value: &str, must: &str) {
        self.errors.push(
            Diagnostic::error(
                format!("`{name}` cannot be {value}"),
                format!("It must be {must}.\n\nNext: correct it."),
            )
            .at(self.at.clone().field(name)),
        );
    }

    /// A text that is not empty and has no control characters.
    pub fn text(&mut self, name: &str, value: &Attr<String>) -> Option<String> {
        let text = value.known()?;
        if text.trim().is_empty() || text.chars().any(char::is_control) {
            self.refuse(name, &shown(text), "a text in one line that is not empty");
            return None;
        }
        Some(text.clone())
    }

    /// The same of one that may be left out: `Some(None)` where it is.
    #[allow(clippy::option_option, reason = "left out is not unknown")]
    pub fn optional(&mut self, name: &str, value: &Attr<String>) -> Option<Option<String>> {
        if value.is_null() { Some(None) } else { self.text(name, value).map(Some) }
    }

    /// A whole number from `least` to `most`, with what it is where left out.
    pub fn number(
        &mut self,
        name: &str,
        value: &Attr<i64>,
        (least, most): (i64, i64),
        default: i64,
    ) -> Option<i64> {
        match value {
            Attr::Null => Some(default),
            Attr::Unknown => None,
            Attr::Known(number) if (least..=most).contains(number) => Some(*number),
            Attr::Known(number) => {
                self.refuse(name, &number.to_string(), &format!("from {least} to {most}"));
                None
            }
        }
    }

    /// A TCP port.
    pub fn port(&mut self, value: &Attr<i64>, default: u16) -> Option<u16> {
        let port = self.number("port", value, (1, 65_535), default.into())?;
        u16::try_from(port).ok()
    }

    /// An address of the web. It is not shown: it may hold a password.
    pub fn url(&mut self, name: &str, value: &Attr<String>) -> Option<Url> {
        let url = Url::parse(value.known()?)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if url.is_none() {
            self.refuse(name, "what it is", "an address such as https://erp.example/health");
        }
        url
    }

    /// Permissions in octal.
    pub fn mode(&mut self, name: &str, value: &Attr<String>, default: u32) -> Option<u32> {
        match value {
            Attr::Null => Some(default),
            Attr::Unknown => None,
            Attr::Known(text) => {
                let fits = (3..=4).contains(&text.len());
                let mode = u32::from_str_radix(text, 8).ok().filter(|mode| fits && *mode <= 0o777);
                if mode.is_none() {
                    self.refuse(
                        name,
                        &shown(text),
                        "permissions in octal, such as `0600` or `0640`",
                    );
                }
                mode
            }
        }
    }

    /// A regular expression.
    #[allow(clippy::option_option, reason = "left out is not unknown")]
    pub fn regex(&mut self, name: &str, value: &Attr<String>) -> Option<Option<Regex>> {
        let text = match value {
            Attr::Null => return Some(None),
            Attr::Unknown => return None,
            Attr::Known(text) => text,
        };
        let regex = Regex::new(text).ok();
        if regex.is_none() {
            self.refuse(
                name,
                &shown(text),
                "a regular expression, in the syntax of the Rust crate `regex`",
            );
        }
        regex.map(Some)
    }

    /// The name of an environment variable.
    pub fn variable(&mut self, name: &str, text: &str) -> Option<String> {
        let fits = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if fits(text) {
            return Some(text.to_owned());
        }
        self.refuse(
            name,
            &shown(text),
            "the name of an environment variable, such as `REDIS_PASSWORD`",
        );
        None
    }
}
