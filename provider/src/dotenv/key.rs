// SPDX-License-Identifier: MPL-2.0
//! What a key may be.

/// The longest key, bytes.
pub const BYTES: usize = 128;

/// Keys that change how programs are found, loaded or started, and prefixes of such (`*`): a secret of that name would
/// take over whatever reads the file (`environ(7)`, `ld.so(8)`, `bash(1)`, `python(1)`, Node.js and Perl manuals).
const DENIED: [&str; 24] = [
    "PATH",
    "LD_*",
    "DYLD_*",
    "IFS",
    "ENV",
    "BASH_ENV",
    "BASH_FUNC*",
    "SHELLOPTS",
    "BASHOPTS",
    "PS4",
    "PROMPT_COMMAND",
    "HOME",
    "SHELL",
    "NODE_OPTIONS",
    "NODE_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PERL5LIB",
    "PERL5OPT",
    "RUBYOPT",
    "RUBYLIB",
    "JAVA_TOOL_OPTIONS",
    "GCONV_PATH",
];

/// Why a key is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not `[A-Z_][A-Z0-9_]*`, or too long.
    #[error(
        "a key is 1 to 128 capital ASCII letters, digits and underscores, and does not begin with a digit"
    )]
    Form,
    /// One that changes how programs run.
    #[error("{0} changes how programs are found or started, so it is never a secret")]
    Denied(&'static str),
}

/// Judges a key: `[A-Z_][A-Z0-9_]*`, at most 128 bytes, and none that changes how programs run.
pub fn check(key: &str) -> Result<(), KeyError> {
    let first = key.bytes().next();
    let fits = key.len() <= BYTES
        && first.is_some_and(|byte| byte.is_ascii_uppercase() || byte == b'_')
        && key
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if !fits {
        return Err(KeyError::Form);
    }
    let matches = |pattern: &&&str| match pattern.strip_suffix('*') {
        Some(prefix) => key.starts_with(prefix),
        None => key == **pattern,
    };
    DENIED.iter().find(matches).map_or(Ok(()), |pattern| Err(KeyError::Denied(pattern)))
}

#[cfg(test)]
mod tests {
    use super::{KeyError, check};

    #[test]
    fn keys() {
        for key in ["A", "_", "DATABASE_URL", "K2", "LDAP_URL", "PATHS"] {
            assert_eq!(check(key), Ok(()), "{key}");
        }
        for key in ["", "a", "2K", "K-X", "K X", "\u{c9}", "K\n", "export X", &"K".repeat(129)] {
            assert_eq!(check(key), Err(KeyError::Form), "{key}");
        }
        for key in ["PATH", "LD_PRELOAD", "LD_", "BASH_FUNC_X", "ENV", "NODE_OPTIONS"] {
            assert!(matches!(check(key), Err(KeyError::Denied(_))), "{key}");
        }
    }
}
