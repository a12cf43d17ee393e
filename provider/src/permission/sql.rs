// SPDX-License-Identifier: MPL-2.0
//! The script that makes a login of PostgreSQL.

use super::{Run, Uses};

/// For whom, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The login.
    pub name: String,
    /// The database of the registry: `database` of the provider's `postgres` block.
    pub database: String,
    /// Who applies, for the notes of a login that plans.
    pub applies: String,
}

/// The script's text; statements end in `;` and a line, notes are comments.
pub fn script(login: &Login, uses: Uses, run: Run) -> String {
    match run {
        Run::Plan => plan(login),
        Run::Apply => apply(login, uses),
    }
}

/// The statements alone, each with its `;`: the login itself, and one grant a statement and object.
pub fn statements(login: &Login, uses: Uses, run: Run) -> Vec<String> {
    let (name, database) = (identifier(&login.name), identifier(&login.database));
    match run {
        Run::Plan => vec![
            format!("CREATE ROLE {name} LOGIN;"),
            format!("GRANT USAGE ON SCHEMA appenv TO {name};"),
            format!("GRANT SELECT ON appenv.registry TO {name};"),
            format!("GRANT SELECT ON appenv.instances TO {name};"),
            format!("GRANT SELECT ON appenv.floors TO {name};"),
        ],
        Run::Apply => {
            let mut all = vec![
                format!("CREATE ROLE {name} LOGIN CREATEROLE CREATEDB;"),
                format!("GRANT CREATE ON DATABASE {database} TO {name};"),
            ];
            if uses.force_disconnect {
                all.push(signal(&name));
            }
            all
        }
    }
}

fn signal(name: &str) -> String {
    format!("GRANT pg_signal_backend TO {name};")
}

fn plan(login: &Login) -> String {
    let name = identifier(&login.name);
    let statements = statements(login, Uses::default(), Run::Plan).join("\n");
    format!(
        "-- What appenv needs in PostgreSQL to plan: it reads, and writes nothing. Run it as a superuser in the database
-- {database}, which has the registry, once that is founded, then set a password: \\password {name}
--
-- Catalogs are open to every login. Extensions are read inside an instance's database, which is closed to this
-- login; a plan keeps what the state says of them.
--
-- A plan opens the ephemeral resource appenv_database_credentials where the instance is there already. Leased from Vault
-- it takes no more here. Without Vault it is a role that is made: plan with the login that applies.
--
-- The registry is believed by its owner: a superuser, the owner of its database, or a role that has CREATEROLE and
-- CREATEDB, as {applies} does. One that lost them is refused; give the schema and its tables to another.

-- A registry of an earlier release has no appenv.floors. The first apply makes it, and lets in whoever reads
-- appenv.instances: make this login after that.

{statements}
",
        applies = identifier(&login.applies),
        database = identifier(&login.database),
    )
}

fn apply(login: &Login, uses: Uses) -> String {
    let (name, database) = (identifier(&login.name), identifier(&login.database));
    let ends = signal(&name);
    let ends = if uses.force_disconnect {
        format!(
            "-- To end sessions of others, with force_disconnect or where one outlived its leased login.\n{ends}"
        )
    } else {
        format!(
            "-- To end sessions of others, with force_disconnect or where one outlived its leased login, it takes:\n-- {ends}"
        )
    };
    format!(
        "-- What appenv needs in PostgreSQL to apply: a login that is no superuser. Run it as one, in the database that the
-- provider's `postgres` block names ({database}), then set a password: \\password {name}

-- CREATEROLE and CREATEDB: owner roles and databases, those it makes itself.
CREATE ROLE {name} LOGIN CREATEROLE CREATEDB;

-- The first create founds the registry there: schema `appenv`, closed to everyone else.
GRANT CREATE ON DATABASE {database} TO {name};

-- A login that did not found it writes there with
-- GRANT USAGE ON SCHEMA appenv TO {name};
-- GRANT SELECT ON appenv.registry TO {name};
-- GRANT SELECT, INSERT, UPDATE ON appenv.instances, appenv.floors TO {name};
-- A registry of an earlier release is added to by the login that owns it, once.

-- Temporary logins (the ephemeral resource appenv_database_credentials without Vault) take no more: the login that made
-- one may end it.

{ends}

-- Objects that others made are taken over only where this login may act for their owners, on PostgreSQL 16 and
-- later: GRANT some_owner TO {name} WITH ADMIN OPTION;
"
    )
}

/// A quoted identifier; a character that could end a comment is dropped, as no login or database has one here.
fn identifier(name: &str) -> String {
    let kept: String = name.chars().filter(|character| !character.is_control()).collect();
    format!("\"{}\"", kept.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::{Login, identifier, script, statements};
    use crate::permission::{Run, Uses};

    #[test]
    fn a_name_ends_neither_its_quotes_nor_a_comment() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(identifier("a\nDROP ROLE b;"), "\"aDROP ROLE b;\"");
    }

    #[test]
    fn the_script_has_every_statement_and_no_other() {
        let login = Login {
            name: "ci".to_owned(),
            database: "postgres".to_owned(),
            applies: "ci_apply".to_owned(),
        };
        for force_disconnect in [false, true] {
            let uses = Uses { force_disconnect, ..Uses::default() };
            for run in [Run::Plan, Run::Apply] {
                let text = script(&login, uses, run);
                let told: Vec<_> = text
                    .lines()
                    .filter(|line| !line.is_empty() && !line.starts_with("--"))
                    .collect();
                assert_eq!(told, statements(&login, uses, run));
            }
        }
    }
}
