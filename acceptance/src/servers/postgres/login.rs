// SPDX-License-Identifier: MPL-2.0
//! The oracle: statements through the real `psql`.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

/// Who runs statements, and where.
#[derive(Clone)]
pub struct Login {
    pub(super) psql: PathBuf,
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The role.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The database.
    pub database: String,
    /// Keeps statements out of the server's log; only a superuser may.
    pub(super) unlogged: bool,
}

/// What a statement answered: rows of cells, in text form, NULL as an empty cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows(pub Vec<Vec<String>>);

/// What the server (or `psql`) refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// The SQLSTATE, where the server answered.
    pub code: Option<String>,
    /// Everything `psql` said.
    pub message: String,
}

const CELL: char = '\u{1f}';
const ROW: char = '\u{1e}';

// === impl Login ===

impl Login {
    /// The same role in another database.
    #[must_use]
    pub fn in_database(&self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self.clone() }
    }

    /// Another role, in the same database.
    #[must_use]
    pub fn as_role(&self, user: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
            unlogged: false,
            ..self.clone()
        }
    }

    /// The same login at another port.
    #[must_use]
    pub fn at_port(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }

    /// Runs statements and answers the rows of the last one.
    pub fn sql(&self, statements: &str) -> Rows {
        self.try_sql(statements).unwrap_or_else(|error| {
            panic!("{} in database {}: {error}\n{statements}", self.user, self.database)
        })
    }

    /// Runs statements that must be refused and answers the reason.
    pub fn sql_fails(&self, statements: &str) -> SqlError {
        match self.try_sql(statements) {
            Err(error) => error,
            Ok(rows) => panic!("{} was allowed to: {statements}\n{rows:?}", self.user),
        }
    }

    /// Runs statements.
    pub fn try_sql(&self, statements: &str) -> Result<Rows, SqlError> {
        let output = self.command().args(["-c", statements]).output().expect("psql can be started");
        if !output.status.success() {
            return Err(SqlError::from_psql(&String::from_utf8_lossy(&output.stderr)));
        }
        Ok(Rows::parse(&String::from_utf8_lossy(&output.stdout)))
    }

    /// `psql` with everything but the statements; the password is in its environment, not on its command line.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.psql);
        command
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose"])
            .arg(format!("--field-separator={CELL}"))
            .arg(format!("--record-separator={ROW}"))
            .args(["--host", &self.host, "--port", &self.port.to_string()])
            .args(["--username", &self.user, "--dbname", &self.database])
            .env_clear()
            .env("PATH", crate::account::search_path())
            .env("PGPASSWORD", &self.password)
            .env("PGCONNECT_TIMEOUT", "10")
            .env("PGSSLMODE", "disable")
            .env("PGAPPNAME", "oracle");
        if self.unlogged {
            command.env("PGOPTIONS", "-c log_statement=none -c log_min_error_statement=panic");
        }
        command
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}/{}", self.user, self.host, self.port, self.database)
    }
}

// === impl Rows ===

impl Rows {
    fn parse(text: &str) -> Self {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix(ROW).unwrap_or(text);
        if text.is_empty() {
            return Self::default();
        }
        Self(text.split(ROW).map(|row| row.split(CELL).map(str::to_owned).collect()).collect())
    }

    /// Whether there is no row. A single row of one empty cell counts as none, as `psql` prints both alike.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The only cell of the only row.
    pub fn one(&self) -> &str {
        match self.0.as_slice() {
            [row] if row.len() == 1 => &row[0],
            rows => panic!("expected one cell, got {rows:?}"),
        }
    }

    /// The first cell of every row.
    pub fn column(&self) -> Vec<&str> {
        self.0.iter().map(|row| row[0].as_str()).collect()
    }
}

// === impl SqlError ===

impl SqlError {
    fn from_psql(said: &str) -> Self {
        // `ERROR:  42501: permission denied …`; the client's own errors carry no code.
        let code = said.split("ERROR:  ").nth(1).or_else(|| said.split("FATAL:  ").nth(1));
        let code = code.and_then(|rest| rest.split(':').next());
        Self {
            code: code.filter(|code| code.len() == 5).map(str::to_owned),
            message: said.trim().to_owned(),
        }
    }

    /// Whether the server refused for want of a right (SQLSTATE 42501).
    pub fn is_forbidden(&self) -> bool {
        self.code.as_deref() == Some("42501")
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
