// SPDX-License-Identifier: MPL-2.0
//! A failure, and what was being done: told to the user once, at the facet's edge.

use super::failure::Failure;
use super::settings::Settings;
use crate::facet::FacetError;
use crate::plan::postgres::quoted;

/// Why a verb did not finish.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server or the network.
    Server {
        /// What it was.
        failure: Failure,
        /// The summary of what failed, on what object.
        doing: String,
        /// What a superuser runs where a privilege is missing.
        grant: Option<String>,
    },
    /// A refusal of our own, already told.
    Told(Box<FacetError>),
}

// === impl Trouble ===

impl Trouble {
    pub(super) fn server(failure: Failure, doing: impl Into<String>) -> Self {
        Self::Server { failure, doing: doing.into(), grant: None }
    }

    pub(super) fn told(error: FacetError) -> Self {
        Self::Told(Box::new(error))
    }

    /// Names the statement that mends a missing privilege.
    pub(super) fn or_grant(mut self, sql: impl Into<String>) -> Self {
        if let Self::Server { grant, .. } = &mut self {
            *grant = Some(sql.into());
        }
        self
    }

    /// Whether a fresh look and another try may do.
    pub(super) fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Server { failure, .. } => failure.is_transient() || failure.is_already_so(),
            Self::Told(_) => false,
        }
    }

    /// Whether what was sent may have happened although no answer came.
    pub(super) fn may_have_landed(&self) -> bool {
        matches!(self, Self::Server { failure, .. } if failure.code().is_none())
    }

    /// For the user.
    pub(super) fn into_error(self, settings: &Settings) -> FacetError {
        let (failure, summary, grant) = match self {
            Self::Told(error) => return *error,
            Self::Server { failure, doing, grant } => (failure, doing, grant),
        };
        let (next, attribute) = next(&failure, settings, grant);
        FacetError {
            fault: failure.fault(),
            summary,
            attempted: attempted(settings),
            cause: failure.to_string(),
            next,
            attribute,
        }
    }
}

/// On which server, as whom.
pub(super) fn attempted(settings: &Settings) -> String {
    format!(
        "On the PostgreSQL server at {}, in database {}, as {}.",
        settings.address(),
        quoted(&settings.database),
        quoted(&settings.user)
    )
}

fn next(
    failure: &Failure,
    settings: &Settings,
    grant: Option<String>,
) -> (String, Option<&'static str>) {
    let code = match failure {
        Failure::Server { code, .. } => code.as_str(),
        Failure::Network { .. } => {
            return (
                format!(
                    "Check that a server listens at {} and can be reached from this machine \
                     (`host` and `port` of the `postgres` block, or PGHOST and PGPORT). The next apply starts from what \
                     is there.",
                    settings.address()
                ),
                Some("provider.postgres.host"),
            );
        }
        Failure::Deadline { .. } => {
            return (
                format!(
                    "The server at {} is frozen, overloaded or cut off. What was sent may still happen; the \
                     next plan shows it and the next apply starts from what is there.",
                    settings.address()
                ),
                Some("provider.postgres.host"),
            );
        }
        Failure::Tls(_) => {
            return (
                "Give the authority that signed the server's certificate as sslrootcert, or correct sslmode \
                 (disable, require, verify-ca, verify-full; verify-full where nothing is said and the server is \
                 not on this machine). Nothing was sent in clear."
                    .to_owned(),
                Some("provider.postgres.sslmode"),
            );
        }
        Failure::Cleartext => {
            return (
                "The password was not sent. Let the server use TLS (sslmode = \"verify-full\") or \
                 scram-sha-256 in pg_hba.conf."
                    .to_owned(),
                Some("provider.postgres.sslmode"),
            );
        }
        Failure::Standby => {
            return (
                "Name the primary among the hosts.".to_owned(),
                Some("provider.postgres.host"),
            );
        }
        Failure::Driver(_) => {
            return (
                "Check `user`, `password` and `sslmode` of the `postgres` block.".to_owned(),
                Some("provider.postgres"),
            );
        }
    };
    let user = quoted(&settings.user);
    let (text, attribute) = match code {
        "28P01" => (
            format!("The password of {user} is another one: correct `password` of the `postgres` block, or PGPASSWORD. Nothing was changed."),
            Some("provider.postgres.password"),
        ),
        "28000" => (
            format!("The server lets {user} in neither from this machine nor in this way: see pg_hba.conf, the LOGIN attribute of the role, and sslmode."),
            Some("provider.postgres.user"),
        ),
        "3D000" => (
            format!("Name a database that exists as `database` of the `postgres` block, or in PGDATABASE; {} does not exist.", quoted(&settings.database)),
            Some("provider.postgres.database"),
        ),
        "42501" => (
            match grant {
                Some(sql) => format!("A superuser of the server can run: {sql} Then apply again."),
                None => format!("{user} lacks a privilege: data source appenv_permissions lists the least it needs."),
            },
            Some("provider.postgres.user"),
        ),
        "53300" => (
            "All connection slots are taken. The provider uses two; raise max_connections or end idle sessions.".to_owned(),
            None,
        ),
        "57P03" | "57P01" | "57P02" => {
            ("The server is starting or stopping: apply again once it is up.".to_owned(), None)
        }
        "57014" => (
            format!(
                "The statement was cancelled, or ran into its limit: {} s, or what is left of the operation's limit where \
                 a database or an extension is made or dropped. Where the server is only slow, raise that limit (block \
                 `timeouts`). The next apply starts from what is there.",
                settings.statement_timeout.as_secs()
            ),
            Some("timeouts"),
        ),
        "53100" => ("The server's disk is full. Nothing half-made was left.".to_owned(), None),
        "25006" => (
            "The server takes no writes: it is a standby, or read-only. Name the primary.".to_owned(),
            Some("provider.postgres.host"),
        ),
        "55006" | "55P03" => {
            ("Somebody uses the object: apply again once they are gone.".to_owned(), None)
        }
        _ => (
            "The server refused the statement. Nothing more was changed; the next apply starts from what is there.".to_owned(),
            None,
        ),
    };
    (text, attribute)
}

#[cfg(test)]
mod tests {
    use super::super::settings::{Host, Password};
    use super::*;
    use crate::facet::Fault;

    fn settings() -> Settings {
        let host = Host::Tcp { name: "db".to_owned(), port: 5432 };
        let mut settings = Settings::new(vec![host], "prov".to_owned());
        settings.password = Some(Password::new("CANARY".to_owned()));
        settings
    }

    fn told(code: &str) -> FacetError {
        let failure =
            Failure::Server { code: code.to_owned(), message: "no".to_owned(), constraint: None };
        Trouble::server(failure, "Could not create database \"erp\"")
            .or_grant("ALTER ROLE \"prov\" CREATEDB;")
            .into_error(&settings())
    }

    #[test]
    fn every_text_names_server_and_step_and_no_secret() {
        for code in
            ["28P01", "28000", "3D000", "42501", "53300", "57P03", "57014", "53100", "22023"]
        {
            let error = told(code);
            let all = format!("{error:?}");
            assert!(error.attempted.contains("db:5432"), "{all}");
            assert!(error.summary.contains("\"erp\"") && !error.next.is_empty(), "{all}");
            assert!(!all.contains("CANARY"), "{all}");
        }
    }

    #[test]
    fn a_missing_privilege_names_what_to_run() {
        assert!(told("42501").next.contains("ALTER ROLE \"prov\" CREATEDB;"));
        assert_eq!(told("28P01").attribute, Some("provider.postgres.password"));
        assert_eq!(told("28P01").fault, Fault::Unauthenticated);
    }
}
