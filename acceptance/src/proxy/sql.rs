// SPDX-License-Identifier: MPL-2.0
//! Which statements write.

/// A session's transaction, followed statement by statement.
#[derive(Debug, Default)]
pub(super) struct Transaction {
    open: bool,
    dirty: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Begin,
    Commit,
    Rollback,
}

// === impl Transaction ===

impl Transaction {
    /// Follows a text of one or more statements; whether something outside the session changes by it.
    pub(super) fn runs(&mut self, text: &str) -> bool {
        let mut writes = false;
        for statement in statements(text) {
            match kind(&statement) {
                Kind::Read => {}
                Kind::Write => {
                    self.dirty = self.open;
                    writes = true;
                }
                Kind::Begin => *self = Self { open: true, dirty: false },
                Kind::Commit => {
                    writes |= self.dirty;
                    *self = Self::default();
                }
                Kind::Rollback => *self = Self::default(),
            }
        }
        writes
    }
}

const CHANGES: [&str; 4] = ["insert", "update", "delete", "merge"];

fn kind(words: &[String]) -> Kind {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let mentions = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let told = |writes: bool| if writes { Kind::Write } else { Kind::Read };
    match word(0) {
        "begin" | "start" => Kind::Begin,
        "commit" | "end" => Kind::Commit,
        "rollback" if word(1) == "to" || word(2) == "to" => Kind::Read,
        "rollback" | "abort" => Kind::Rollback,
        "" | "show" | "set" | "reset" | "discard" | "deallocate" | "prepare" | "close"
        | "fetch" | "declare" | "move" | "savepoint" | "release" | "listen" | "unlisten"
        | "values" | "table" | "lock" => Kind::Read,
        // A function may end sessions or change what outlives the statement.
        "select" => told(mentions(&[
            "pg_terminate_backend",
            "pg_cancel_backend",
            "lo_unlink",
            "setval",
            "nextval",
        ])),
        "with" => told(mentions(&CHANGES)),
        "explain" => told(mentions(&["analyze"]) && mentions(&CHANGES)),
        "copy" => told(mentions(&["from"])),
        _ => Kind::Write,
    }
}

/// Splits a text into statements, each a list of its lower-case words outside literals and comments.
fn statements(text: &str) -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skip = match first {
            '\'' | '"' => quoted(rest, first),
            '$' => dollar_quoted(rest),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            ';' => {
                found.push(Vec::new());
                1
            }
            c if c.is_alphabetic() || c == '_' => {
                let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
                let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
                if let Some(statement) = found.last_mut() {
                    statement.push(rest[..end].to_lowercase());
                }
                end
            }
            c => c.len_utf8(),
        };
        rest = &rest[skip..];
    }
    found.retain(|statement| !statement.is_empty());
    found
}

/// The length of a quoted piece; a doubled quote ends one and begins the next, which comes to the same.
fn quoted(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(text.len(), |at| at + 2)
}

/// The length of a dollar-quoted piece, or of the dollar sign alone.
fn dollar_quoted(text: &str) -> usize {
    let Some(tag) = text[1..].find('$').map(|at| &text[..at + 2]) else { return 1 };
    if !tag[1..tag.len() - 1].chars().all(|c| c.is_alphanumeric() || c == '_') {
        return 1;
    }
    text[tag.len()..].find(tag).map_or(text.len(), |at| at + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(texts: &[&str]) -> Vec<bool> {
        let mut transaction = Transaction::default();
        texts.iter().map(|text| transaction.runs(text)).collect()
    }

    #[test]
    fn reading_is_not_writing() {
        for text in [
            "",
            "SELECT 1",
            "  -- insert\n select 'DROP DATABASE x; update'",
            "/* create */ SHOW server_version",
            "SET search_path = ''",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "SELECT $$; DROP TABLE x; $$",
            "SELECT $a$ ; $$ DELETE $$ ; $a$ FROM b WHERE c = $1",
            "SELECT \"insert\" FROM x",
            "COPY t TO STDOUT",
            "SELECT pg_advisory_xact_lock(1)",
            "LOCK TABLE appenv.instance IN EXCLUSIVE MODE",
            "EXPLAIN SELECT 1",
        ] {
            assert_eq!(writes(&[text]), [false], "{text}");
        }
    }

    #[test]
    fn writing_is() {
        for text in [
            "CREATE ROLE erp_role",
            "create database \"erp\"",
            "SELECT 1; GRANT a TO b",
            "DO $$ BEGIN PERFORM 1; END $$",
            "WITH a AS (INSERT INTO b VALUES (1) RETURNING *) SELECT * FROM a",
            "COMMENT ON ROLE a IS 'select'",
            "COPY t FROM STDIN",
            "EXPLAIN ANALYZE DELETE FROM a",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
            "REASSIGN OWNED BY a TO b",
        ] {
            assert_eq!(writes(&[text]), [true], "{text}");
        }
    }

    #[test]
    fn a_commit_counts_where_there_is_something_to_commit() {
        let session = ["BEGIN", "SELECT 1", "COMMIT", "BEGIN", "CREATE ROLE a", "COMMIT", "COMMIT"];
        assert_eq!(writes(&session), [false, false, false, false, true, true, false]);
        assert_eq!(writes(&["BEGIN", "CREATE ROLE a", "ROLLBACK"]), [false, true, false]);
        assert_eq!(
            writes(&["BEGIN", "CREATE ROLE a", "ROLLBACK TO SAVEPOINT s", "COMMIT"]),
            [false, true, false, true]
        );
        assert_eq!(writes(&["BEGIN; CREATE ROLE a; COMMIT"]), [true]);
    }
}
