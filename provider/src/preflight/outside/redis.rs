// SPDX-License-Identifier: MPL-2.0
//! Redis answers, to the login that the application has.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use tfplugin::value::Secret;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::tls::{self, Authorities, Trust};
use crate::finding::Finding;
use crate::preflight::Check;
use crate::preflight::latency::within;

const CHECK: &str = "redis";

/// A password, and where it is from.
#[derive(Clone, Debug)]
pub enum Password {
    /// There is none.
    Absent,
    /// This one.
    Given(Secret<String>),
    /// It should be in this environment variable, which is not set.
    Unset(String),
}

/// A Redis, or what speaks like one (Valkey, KeyDB).
#[derive(Clone, Debug)]
pub struct RedisTarget {
    /// DNS name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whether it speaks TLS from the first byte (`rediss://`).
    pub tls: bool,
    /// Whose certificate it may show.
    pub authorities: Authorities,
    /// The user of an ACL (Redis 6); `None`: the default one.
    pub username: Option<String>,
    /// Its password.
    pub password: Password,
}

/// What went wrong, and what to do.
struct Trouble {
    detail: String,
    fix: &'static str,
}

/// How a login was answered that is in order.
enum Answer {
    Pong(Duration),
    /// It may log in, but not `PING`.
    NotPermitted,
}

// === impl RedisTarget ===

impl RedisTarget {
    /// Connects, logs in and sends `PING`; writes nothing. Its finding is `redis`.
    pub fn check(self) -> Check<'static> {
        let with = if self.tls { " with TLS" } else { "" };
        let target = format!("Redis at {}:{}{with}", self.host, self.port);
        Check::new(CHECK, target.clone(), async move {
            vec![match self.ask().await {
                Ok(Answer::Pong(took)) => {
                    Finding::ok(CHECK, target, format!("PONG {}.", within(took)))
                }
                Ok(Answer::NotPermitted) => Finding::warn(
                    CHECK,
                    target,
                    "The login is accepted, but may not run PING.",
                    "Permit it to the user, so that pools and probes can see whether the connection lives: ACL SETUSER \
                     with +ping.",
                ),
                Err(Trouble { detail, fix }) => Finding::fail(CHECK, target, detail, fix),
            }]
        })
    }

    async fn ask(&self) -> Result<Answer, Trouble> {
        if let Password::Unset(variable) = &self.password {
            return Err(Trouble {
                detail: format!(
                    "The password is to be in the variable {variable}, which is not set."
                ),
                fix: "Set the variable where this runs, or correct `password_env`.",
            });
        }
        let began = Instant::now();
        let stream = TcpStream::connect((&*self.host, self.port)).await.map_err(|error| Trouble {
            detail: format!("No connection: {error}."),
            fix: "Start Redis, or correct `host` and `port`; see that no firewall is between here and there.",
        })?;
        if !self.tls {
            return self.greet(stream, began).await;
        }
        let trust = Trust::Known(&self.authorities);
        let stream = tls::handshake(stream, &self.host, trust).await.map_err(|why| Trouble {
            detail: format!("No TLS: {why}."),
            fix: "Name the authority of its certificate in `ca_cert_file`, or leave `tls` out where Redis does not speak \
                  it on that port.",
        })?;
        self.greet(stream, began).await
    }

    async fn greet<S>(&self, stream: S, began: Instant) -> Result<Answer, Trouble>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // The deadline of all checks is the only one.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let info = RedisConnectionInfo::default().set_skip_set_lib_name();
        let (mut connection, driver) =
            MultiplexedConnection::new_with_config(&info, stream, config)
                .await
                .map_err(|error| trouble(&error, self.is_given()))?;
        let talk = async {
            // Asked here and not by the client, which would not tell one refusal from another.
            if let Password::Given(password) = &self.password {
                let mut auth = redis::cmd("AUTH");
                if let Some(username) = &self.username {
                    auth.arg(username);
                }
                let () = auth
                    .arg(password.expose())
                    .query_async(&mut connection)
                    .await
                    .map_err(|error| refused(&error))?;
            }
            match redis::cmd("PING").query_async::<String>(&mut connection).await {
                Ok(_) => Ok(Answer::Pong(began.elapsed())),
                Err(error) if error.code() == Some("NOPERM") => Ok(Answer::NotPermitted),
                Err(error) => Err(trouble(&error, self.is_given())),
            }
        };
        tokio::select! {
            answer = talk => answer,
            () = driver => Err(Trouble {
                detail: "It closed the connection without an answer.".to_owned(),
                fix: "See its log; `tls` must be given where Redis speaks TLS on that port.",
            }),
        }
    }

    fn is_given(&self) -> bool {
        matches!(self.password, Password::Given(_))
    }
}

/// Why a login was refused. Of the server's text nothing is told: some repeat what they were sent.
fn refused(error: &RedisError) -> Trouble {
    let said = error.detail().unwrap_or_default();
    match error.code() {
        Some("WRONGPASS") => wrong(),
        // As servers before version 6 say it.
        Some("ERR") if said.contains("invalid password") => wrong(),
        Some("ERR")
            if said.contains("without any password configured")
                || said.contains("no password is set") =>
        {
            Trouble {
                detail:
                    "A password is given, and Redis has none: whoever reaches it may do anything."
                        .to_owned(),
                fix: "Set `requirepass` or a user of an ACL in Redis, or leave the password out here.",
            }
        }
        _ => trouble(error, true),
    }
}

fn wrong() -> Trouble {
    Trouble {
        detail: "It answers, but refuses the user or the password.".to_owned(),
        fix: "Give the user and the password that Redis has: `requirepass`, or ACL LIST for its users.",
    }
}

fn trouble(error: &RedisError, is_given: bool) -> Trouble {
    match error.code() {
        Some("NOAUTH") if !is_given => Trouble {
            detail: "It answers, but wants a password, and none is given.".to_owned(),
            fix: "Name the environment variable that holds the password in `password_env`.",
        },
        Some("LOADING") => Trouble {
            detail: "It is loading its data and answers nothing yet.".to_owned(),
            fix: "Wait until it has loaded.",
        },
        // Protected mode: it says so before anything is asked, and closes.
        Some("DENIED") => Trouble {
            detail: "It is in protected mode and answers only its own machine.".to_owned(),
            fix: "Set a password for its default user, or `bind` and `protected-mode` as its documentation says.",
        },
        Some(code) => Trouble {
            detail: format!("It answered with the error {code:?}."),
            fix: "See its log for why.",
        },
        None => Trouble {
            detail: "What answers does not speak the protocol of Redis, or closed the connection."
                .to_owned(),
            fix: "Correct `host` and `port`; `tls` must be given where Redis speaks TLS on that port, and only there.",
        },
    }
}
