// SPDX-License-Identifier: MPL-2.0
//! The connection of the database engine: not ours, but ours rests on it.

use serde_json::Value;
use vaultrs::api::database::requests::ReadConnectionRequest;

use super::Vault;
use super::mounts::Mount;
use super::wire::error::CallError;
use super::wire::request::Request;
use crate::facet::{FacetError, Fault, Refusal};
use crate::plan::vault::DatabaseRoleWish;

/// What a connection says of itself; never a password, which the server does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    username: Option<String>,
    allowed_roles: Vec<String>,
    /// Whether PostgreSQL gets verifiers in the place of passwords, which its log would show.
    scram: bool,
}

// === impl Vault ===

impl Vault {
    /// The login that a connection of the database engine uses on PostgreSQL; asked for once a run.
    pub async fn database_login(
        &self,
        mount: &str,
        connection: &str,
    ) -> Result<String, FacetError> {
        let doing = format!("learn the login of the database connection \"{connection}\"");
        let mounts = [Mount::Database(mount)];
        let found = match self.connection(mount, connection).await {
            Ok(found) => found,
            Err(error) if error.is_denied() => {
                let refused = error.doing(&doing);
                let refused = FacetError {
                    next: format!(
                        "Check that vault.database_connection has the connection's name. {}",
                        refused.next
                    ),
                    attribute: Some("provider.vault.database_connection"),
                    ..refused
                };
                return Err(self.or_unmounted(&mounts, refused).await);
            }
            Err(error) => return Err(error.doing(&doing)),
        };
        if found.is_none() {
            self.ensure(&mounts).await?;
        }
        let because = |cause: &str, attribute: &'static str, next: String| FacetError {
            fault: Fault::Missing,
            summary: format!("Could not {doing}"),
            attempted: format!("GET {mount}/config/{connection} on {}", self.wire.server()),
            cause: cause.to_owned(),
            next,
            attribute: Some(attribute),
        };
        let Some(found) = found else {
            // A missing mount answers the same.
            self.ensure(&[Mount::Database(mount)]).await?;
            return Err(because(
                "the engine has no connection of that name",
                "provider.vault.database_connection",
                format!(
                    "Make it (bao write {mount}/config/{connection} plugin_name=postgresql-database-plugin …), or \
                     name another in vault.database_connection."
                ),
            ));
        };
        found.username.ok_or_else(|| {
            because(
                "the connection names no username, so it stands in its connection_url",
                "provider.vault.database_login",
                "Set vault.database_login to the login that the connection uses.".to_owned(),
            )
        })
    }

    /// What whoever leases a login of that connection should know; a token that may not look is told nothing.
    pub(super) async fn plaintext_warning(&self, mount: &str, name: &str) -> Option<Refusal> {
        let found = self.connection(mount, name).await.ok().flatten()?;
        (!found.scram).then(|| Refusal {
            summary: format!(
                "The database connection \"{name}\" sends the passwords of leased logins in clear"
            ),
            detail: format!(
                "PostgreSQL's log may show them (log_statement). Vault sends verifiers instead with: bao write \
                 {mount}/config/{name} password_authentication=scram-sha-256 …"
            ),
        })
    }

    pub(super) async fn connection(
        &self,
        mount: &str,
        name: &str,
    ) -> Result<Option<Connection>, CallError> {
        let request =
            Request::of(&ReadConnectionRequest { mount: mount.to_owned(), name: name.to_owned() });
        let path = request.path().to_owned();
        self.connections
            .get(&path, async {
                let reply = self.wire.call(request).await?;
                Ok((!reply.is_missing()).then(|| Connection::read(reply.data())))
            })
            .await
    }

    /// What will keep the role from leasing: no such connection, or one that does not admit the role.
    pub(super) async fn connection_warnings(
        &self,
        wish: &DatabaseRoleWish,
    ) -> Result<Vec<Refusal>, FacetError> {
        let DatabaseRoleWish { mount, connection, role, .. } = wish;
        let found = match self.connection(mount, connection).await {
            Ok(found) => found,
            Err(error) if error.is_denied() => {
                let told = error.doing("check the database connection");
                return Ok(vec![Refusal {
                    summary: format!(
                        "The database connection \"{connection}\" could not be checked"
                    ),
                    detail: format!("{}\n{}", told.cause, told.next),
                }]);
            }
            Err(error) => return Err(error.doing("check the database connection")),
        };
        let Some(found) = found else {
            return Ok(vec![Refusal {
                summary: format!("There is no database connection \"{connection}\" at \"{mount}\""),
                detail: format!(
                    "The role \"{role}\" can lease nothing until there is: bao write {mount}/config/{connection} \
                     plugin_name=postgresql-database-plugin …"
                ),
            }]);
        };
        if found.admits(role) {
            return Ok(Vec::new());
        }
        Ok(vec![Refusal {
            summary: format!(
                "The database connection \"{connection}\" does not admit the role \"{role}\""
            ),
            detail: format!(
                "Its allowed_roles is {:?}, so the role can lease nothing. Add it: bao write \
                 {mount}/config/{connection} allowed_roles=…,{role}",
                found.allowed_roles
            ),
        }])
    }
}

// === impl Connection ===

impl Connection {
    fn read(data: &Value) -> Self {
        let username = data["connection_details"]["username"].as_str();
        let roles = data["allowed_roles"].as_array().cloned().unwrap_or_default();
        Self {
            username: username.filter(|name| !name.is_empty()).map(str::to_owned),
            allowed_roles: roles.iter().filter_map(|r| r.as_str().map(str::to_owned)).collect(),
            scram: data["connection_details"]["password_authentication"] == "scram-sha-256",
        }
    }

    /// The roles that may lease through it, as patterns with `*`.
    pub fn allowed_roles(&self) -> &[String] {
        &self.allowed_roles
    }

    /// Whether PostgreSQL gets verifiers in the place of passwords, which its log would show.
    pub fn sends_verifiers(&self) -> bool {
        self.scram
    }

    /// Whether a role may lease through it.
    pub fn admits(&self, role: &str) -> bool {
        self.allowed_roles.iter().any(|pattern| glob(pattern, role))
    }
}

/// Whether a pattern with `*` matches (Vault manual, `allowed_roles`).
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    // The last piece must end the text; those between may stand anywhere, leftmost first.
    let tail = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_of_allowed_roles() {
        for (pattern, text, matches) in [
            ("*", "erp", true),
            ("erp", "erp", true),
            ("erp", "erp-sandbox", false),
            ("erp-*", "erp-sandbox", true),
            ("erp-*", "erp", false),
            ("*-sandbox", "erp-sandbox", true),
            ("e*-s*x", "erp-sandbox", true),
            ("e*-s*x", "erp-sandboxy", false),
            ("erp*erp", "erp", false),
            ("", "erp", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
