// SPDX-License-Identifier: MPL-2.0
//! A row that must not be lost.

use crate::random;
use crate::servers::Postgres;

/// A row in a database of someone's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentinel {
    database: String,
    word: String,
}

// === impl Sentinel ===

impl Sentinel {
    /// Puts a row into a database, in a table of the superuser's.
    pub fn plant(pg: &Postgres, database: &str) -> Self {
        let word = random::password();
        pg.sql_in(
            database,
            &format!(
                "CREATE TABLE IF NOT EXISTS public.sentinel (word text); \
                 INSERT INTO public.sentinel VALUES ('{word}')"
            ),
        );
        Self { database: database.to_owned(), word }
    }

    /// Whether the row is still in the database, or in one that it was renamed to.
    pub fn is_in(&self, pg: &Postgres, database: &str) -> bool {
        let login = pg.root().in_database(database);
        let asked = format!("SELECT count(*) FROM public.sentinel WHERE word = '{}'", self.word);
        login.try_sql(&asked).is_ok_and(|rows| rows.one() == "1")
    }

    /// Fails the test where the row is gone.
    pub fn is_still_there(&self, pg: &Postgres) {
        assert!(
            self.is_in(pg, &self.database),
            "the sentinel row of database {} is gone: data was lost",
            self.database
        );
    }
}
