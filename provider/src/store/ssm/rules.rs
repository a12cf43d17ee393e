// SPDX-License-Identifier: MPL-2.0
//! What Parameter Store takes, judged before it is asked: the emulators that tests run on take more than AWS does. Pure.
//!
//! Source: `PutParameter` in the API reference of AWS Systems Manager, and "About requirements and constraints for
//! parameter names" in its user guide.

use std::fmt::Write as _;

/// The longest value of a standard parameter, bytes. What is longer would need an advanced one, which is paid for.
const LONGEST_VALUE: usize = 4096;
/// The longest name with its path, bytes: of 2,048 the region and the account in the ARN take some.
const LONGEST_NAME: usize = 1011;
/// Levels of a path at most.
const LEVELS: usize = 15;
/// Where the registry is.
const REGISTRY: &str = "/appenv";

/// Judges a name with its path, `/erp/prod/db-password`; `Err` says what it does wrong.
pub fn judge_name(name: &str) -> Result<(), String> {
    let Some(path) = name.strip_prefix('/') else {
        return Err("it must begin with `/`".to_owned());
    };
    let stranger = path.chars().find(|&c| !(c.is_ascii_alphanumeric() || "_.-/".contains(c)));
    if let Some(stranger) = stranger {
        return Err(format!(
            "`{}` is in it, and a name is made of letters, digits and `_`, `.`, `-`, with `/` between levels",
            stranger.escape_debug()
        ));
    }
    let levels: Vec<&str> = path.split('/').collect();
    if levels.iter().any(|level| level.is_empty()) {
        return Err("a level of its path is empty".to_owned());
    }
    if levels.iter().any(|level| *level == "." || *level == "..") {
        return Err("a level of its path is `.` or `..`".to_owned());
    }
    if levels.len() > LEVELS {
        return Err(format!("it has {} levels, and {LEVELS} are the most", levels.len()));
    }
    let lower = path.to_ascii_lowercase();
    if let Some(reserved) = ["aws", "ssm"].iter().find(|reserved| lower.starts_with(**reserved)) {
        return Err(format!("it begins with `{reserved}`, which AWS keeps for itself"));
    }
    if name == REGISTRY || name.starts_with("/appenv/") {
        return Err(format!("below `{REGISTRY}` is the registry"));
    }
    if name.len() > LONGEST_NAME {
        return Err(format!("it has {} characters, and {LONGEST_NAME} are the most", name.len()));
    }
    Ok(())
}

/// Judges what stands in the place of a key: one level.
pub fn judge_own_name(name: &str) -> Result<(), String> {
    if name.contains('/') {
        return Err("`/` is in it: the path is the instance's `parameter_path`".to_owned());
    }
    Ok(())
}

/// Judges a value; `Err` says what it does wrong, and never what it is.
pub fn judge_value(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Err("it is empty, and Parameter Store takes no empty one".to_owned());
    }
    if value.len() > LONGEST_VALUE {
        let mut why =
            format!("it has {} bytes, and a standard parameter takes {LONGEST_VALUE}", value.len());
        let _ = write!(why, "; advanced ones, which are paid for, are not used");
        return Err(why);
    }
    if value.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}")) {
        return Err(
            "`{{` and `}}` are in it, which AWS takes for a reference to another parameter"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let deep = |levels: usize| "/a".repeat(levels);
        let long = |length: usize| format!("/{}", "a".repeat(length - 1));
        let good = [
            "/smartstack/dev/db-password",
            "/erp/prod/DB_PASSWORD",
            "/erp/prod/a.b",
            "/laws/prod/K",
        ];
        for name in good.map(str::to_owned).into_iter().chain([deep(15), long(1011)]) {
            assert_eq!(judge_name(&name), Ok(()), "{name}");
        }
        let bad = [
            ("erp/prod/K", "begin with"),
            ("/erp/prod/a b", "` ` is in it"),
            ("/erp/prod/caf\u{e9}", "is in it"),
            ("/erp/prod/a\n", "`\\n` is in it"),
            ("/erp/../prod/K", "`..`"),
            ("/erp/prod/.", "`.`"),
            ("/erp//K", "empty"),
            ("/erp/prod/", "empty"),
            ("/aws/prod/K", "begins with `aws`"),
            ("/Awsome/prod/K", "begins with `aws`"),
            ("/SSM-x/prod/K", "begins with `ssm`"),
            ("/appenv/erp/prod", "registry"),
            ("/appenv", "registry"),
            (&deep(16), "16 levels"),
            (&long(1012), "1012 characters"),
            (&long(1021), "1021 characters"),
        ];
        for (name, why) in bad {
            let said = judge_name(name).err().unwrap_or_default();
            assert!(said.contains(why), "{name:?}: {said}");
        }
    }

    #[test]
    fn values() {
        let longest = "x".repeat(4096);
        for value in ["a", " ", "line\nline", "{{", "}}{{", "{ {a} }", "\u{e9}", &longest] {
            assert_eq!(judge_value(value), Ok(()), "{value:?}");
        }
        let long = "\u{e9}".repeat(2049);
        for (value, why) in [
            ("", "empty"),
            (long.as_str(), "4098 bytes"),
            ("{{ssm:/a/b}}", "reference"),
            ("a{{b}}c", "reference"),
        ] {
            let said = judge_value(value).err().unwrap_or_default();
            assert!(said.contains(why) && !said.contains("ssm:/a/b"), "{said}");
        }
    }

    #[test]
    fn names_of_ones_own_are_one_level() {
        assert_eq!(judge_own_name("db-password"), Ok(()));
        assert!(judge_own_name("prod/db-password").is_err());
    }
}
