// SPDX-License-Identifier: MPL-2.0
//! What can go wrong between the provider and a server, and the questions one asks of it.
//!
//! Codes are those of the PostgreSQL manual, appendix "PostgreSQL Error Codes". Of a server's error only the
//! primary message is kept: DETAIL, CONTEXT and STATEMENT may repeat what was sent.

use std::error::Error as _;
use std::io;

use super::guard::CleartextAsked;
use super::tls::TlsError;
use crate::facet::Fault;
use crate::plan::postgres::escaped;

/// One failure. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// The server answered with an error.
    #[error("{message} (SQLSTATE {code})")]
    Server {
        /// The five characters.
        code: String,
        /// The primary message, escaped.
        message: String,
        /// The constraint that was broken.
        constraint: Option<String>,
    },
    /// No connection, or none any more.
    #[error("{text}")]
    Network {
        /// What the system says.
        text: String,
        /// Whether a later try may fare better.
        transient: bool,
    },
    /// The handshake failed, or the server has no TLS.
    #[error("{0}")]
    Tls(String),
    /// An unencrypted server off this machine asked for the password itself.
    #[error("{CleartextAsked}")]
    Cleartext,
    /// Our own deadline passed.
    #[error("no answer within {seconds} s")]
    Deadline {
        /// The deadline.
        seconds: u64,
    },
    /// Every host is a standby.
    #[error("every host is a standby: it takes no writes")]
    Standby,
    /// Anything else the driver says.
    #[error("{0}")]
    Driver(String),
}

// === impl Failure ===

impl Failure {
    /// The SQLSTATE, where a server answered.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Server { code, .. } => Some(code),
            _ => None,
        }
    }

    /// The same where so many other hosts are standbys: what is tried again is the one that may be the primary.
    pub(super) fn beside(self, standbys: usize) -> Self {
        match self {
            Self::Network { text, transient } if standbys > 0 => {
                Self::Network { text: format!("{text}; the other hosts are standbys"), transient }
            }
            other => other,
        }
    }

    /// Whether the same try may succeed later. Nothing of ours was done, or a fresh look tells.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Network { transient, .. } => *transient,
            Self::Server { code, constraint, message } => match code.as_str() {
                // 55P03, lock_timeout, is not among them: the wait for it was the second chance.
                "57P01" | "57P02" | "57P03" | "53300" | "55006" | "40001" | "40P01" => true,
                // elog(ERROR) has no code of its own for these; the text is the source's, untranslated.
                "XX000" => {
                    message.contains("tuple concurrently updated")
                        || message.contains("tuple concurrently deleted")
                }
                "23505" => constraint.as_deref().is_some_and(|name| name.starts_with("pg_")),
                code => code.starts_with("08"),
            },
            _ => false,
        }
    }

    /// Whether another writer was faster: a fresh look tells what there is now.
    pub(super) fn is_already_so(&self) -> bool {
        matches!(self.code(), Some("42P04" | "42710" | "42P06" | "42P07" | "42704" | "3D000"))
    }

    /// Whether the connection is of no more use.
    pub(super) fn ends_session(&self) -> bool {
        match self {
            Self::Server { code, .. } => {
                code.starts_with("57P") || code.starts_with("08") || code == "25P03"
            }
            _ => true,
        }
    }

    /// Whether a table or schema is not there.
    pub(super) fn is_undefined_table(&self) -> bool {
        matches!(self.code(), Some("42P01" | "3F000"))
    }

    /// Whether the login may not.
    pub(super) fn is_forbidden(&self) -> bool {
        self.code() == Some("42501")
    }

    /// Whether a database cannot be looked into by this login at this time, though the server is well.
    pub(super) fn is_closed_door(&self) -> bool {
        matches!(self.code(), Some("42501" | "55000" | "53300" | "28000" | "3D000"))
    }

    /// The class, for whoever decides.
    pub(super) fn fault(&self) -> Fault {
        match self {
            Self::Network { .. } | Self::Deadline { .. } | Self::Standby => Fault::Unreachable,
            Self::Tls(_) | Self::Cleartext => Fault::Unauthenticated,
            Self::Driver(_) => Fault::Rejected,
            Self::Server { code, .. } => match code.as_str() {
                "28P01" | "28000" => Fault::Unauthenticated,
                "42501" => Fault::Forbidden,
                "3D000" | "42704" | "58P01" | "0A000" | "42P01" | "3F000" => Fault::Missing,
                "55006" | "2BP01" | "55P03" => Fault::Occupied,
                "53300" | "53100" | "53200" => Fault::Unreachable,
                code if code.starts_with("57P") || code.starts_with("08") => Fault::Unreachable,
                _ => Fault::Rejected,
            },
        }
    }
}

impl From<&io::Error> for Failure {
    fn from(error: &io::Error) -> Self {
        if let Some(inner) = error.get_ref() {
            if inner.is::<CleartextAsked>() {
                return Self::Cleartext;
            }
            if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
                return Self::Tls(escaped(&tls.to_string()));
            }
        }
        let transient = matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof
                | io::ErrorKind::NotFound
        );
        Self::Network { text: escaped(&error.to_string()), transient }
    }
}

impl From<&TlsError> for Failure {
    fn from(error: &TlsError) -> Self {
        Self::Tls(error.to_string())
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(server) = error.as_db_error() {
            return Self::Server {
                code: server.code().code().to_owned(),
                message: escaped(server.message()),
                constraint: server.constraint().map(str::to_owned),
            };
        }
        if error.is_closed() {
            return Self::Network { text: "the connection was closed".to_owned(), transient: true };
        }
        match error.source() {
            Some(source) => match source.downcast_ref::<io::Error>() {
                Some(io) => Self::from(io),
                None => Self::Driver(escaped(&format!("{error}: {source}"))),
            },
            None => Self::Driver(escaped(&error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: &str, message: &str, constraint: Option<&str>) -> Failure {
        Failure::Server {
            code: code.to_owned(),
            message: message.to_owned(),
            constraint: constraint.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_retried() {
        for code in ["08006", "57P01", "57P02", "57P03", "53300", "55006", "40001", "40P01"] {
            assert!(server(code, "", None).is_transient(), "{code}");
        }
        assert!(server("XX000", "tuple concurrently updated", None).is_transient());
        assert!(server("XX000", "tuple concurrently deleted", None).is_transient());
        for index in ["pg_auth_members_role_member_index", "pg_database_datname_index"] {
            assert!(server("23505", "", Some(index)).is_transient(), "{index}");
        }
    }

    #[test]
    fn what_is_not() {
        for code in
            ["42501", "28P01", "28000", "42939", "42601", "53100", "57014", "55P03", "XX000"]
        {
            assert!(!server(code, "boom", None).is_transient(), "{code}");
        }
        assert!(!server("23505", "", Some("instances_pkey")).is_transient());
        assert!(!Failure::Tls("bad certificate".to_owned()).is_transient());
        assert!(!Failure::Cleartext.is_transient());
    }

    #[test]
    fn classes() {
        assert_eq!(server("28P01", "", None).fault(), Fault::Unauthenticated);
        assert_eq!(server("42501", "", None).fault(), Fault::Forbidden);
        assert_eq!(server("57P03", "", None).fault(), Fault::Unreachable);
        assert_eq!(server("55006", "", None).fault(), Fault::Occupied);
        assert_eq!(server("22023", "", None).fault(), Fault::Rejected);
        assert_eq!(Failure::Deadline { seconds: 35 }.fault(), Fault::Unreachable);
    }
}
