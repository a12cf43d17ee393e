// SPDX-License-Identifier: MPL-2.0
//! A login leased for the time of one run: taken, renewed while it lasts, given back with it.

use std::sync::PoisonError;
use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::mounts::Mount;
use super::registry::shown;
use super::wire::request::Request;
use super::{Vault, wish};
use crate::facet::{FacetError, Fault, Refusal};
use crate::plan::Spec;
use crate::plan::vault::DatabaseRoleWish;

/// A leased login.
#[derive(Debug)]
pub struct Leased {
    /// By which it is renewed and given back: `postgres/creds/erp/…`.
    pub lease_id: String,
    /// The role in PostgreSQL.
    pub username: String,
    /// Its password.
    pub password: Password,
    /// What is granted of its life.
    pub granted: Granted,
    /// What the user should know.
    pub warning: Option<Refusal>,
}

/// A password: never printed, erased from memory when dropped.
pub struct Password(Zeroizing<String>);

/// How long a lease lives from now on, and whether renewing helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// From now on.
    pub time: Duration,
    /// Whether it can be renewed.
    pub renewable: bool,
    /// Whether no renewal lets it live longer.
    pub last: bool,
}

/// What Vault counts in.
const SECOND: Duration = Duration::from_secs(1);

/// No run takes longer, and a clock can still tell when it ends.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

// === impl Vault ===

impl Vault {
    /// Leases a login of a registered instance, asked for that long. The engine leases for the role's own time; one that
    /// differs is renewed at once.
    pub async fn lease_login(&self, spec: &Spec, time: Duration) -> Result<Leased, FacetError> {
        let doing = "lease a database login";
        let role = self.database_role(spec).await?;
        self.wire.keep_alive().await.map_err(|error| error.doing("use the token"))?;
        let path = format!("{}/creds/{}", role.mount, role.role);
        let reply = match self.wire.call(Request::lease(&path)).await {
            Ok(reply) => reply,
            Err(error) if error.may_have_landed() => {
                let told = error.doing(doing);
                let next = format!(
                    "{} A login may have been leased all the same: Vault revokes it when its time is over.",
                    told.next
                );
                return Err(FacetError { next, ..told });
            }
            Err(error) if error.is_denied() => {
                let mounts = [Mount::Database(&role.mount)];
                return Err(self.or_unmounted(&mounts, error.doing(doing)).await);
            }
            Err(error) => return Err(error.doing(doing)),
        };
        if reply.is_missing() {
            self.ensure(&[Mount::Database(&role.mount)]).await?;
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let data = reply.data();
        let (Some(lease_id), Some(username), Some(password)) =
            (text(&reply.body["lease_id"]), text(&data["username"]), text(&data["password"]))
        else {
            return Err(self.unleased(doing, &path));
        };
        let granted = Granted::read(&reply.body, time);
        self.leased.lock().unwrap_or_else(PoisonError::into_inner).insert(lease_id.clone());
        let password = Password(Zeroizing::new(password));
        let granted = if granted.renewable && granted.time != time {
            match self.renew_lease(&lease_id, time).await {
                Ok(granted) => granted,
                Err(error) => {
                    // Nobody would ever hear of it.
                    self.give_back(&lease_id).await.ok();
                    return Err(error);
                }
            }
        } else {
            granted
        };
        let warning = self.plaintext_warning(&role.mount, &role.connection).await;
        Ok(Leased { lease_id, username, password, granted, warning })
    }

    /// Asks that a lease lives that long from now on; answers what is granted.
    pub async fn renew_lease(&self, lease_id: &str, time: Duration) -> Result<Granted, FacetError> {
        let body = json!({ "lease_id": lease_id, "increment": time.as_secs() });
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.wire.call(Request::write("sys/leases/renew", &body)).await {
                Ok(reply) => return Ok(Granted::read(&reply.body, time)),
                // Renewed twice it lives no longer.
                Err(error) if error.may_have_landed() && attempt < 3 => {
                    tokio::time::sleep(self.wire.pause(attempt)).await;
                }
                Err(error) => return Err(error.doing("renew a leased database login")),
            }
        }
    }

    /// Revokes a lease and waits until its login is gone. The id stands in the path, so that a policy can say whose
    /// leases may be revoked.
    pub async fn give_back(&self, lease_id: &str) -> Result<(), FacetError> {
        let path = format!("sys/leases/revoke/{lease_id}");
        let mut attempt = 0;
        loop {
            attempt += 1;
            match self.wire.call(Request::write(&path, &json!({ "sync": true }))).await {
                Ok(_) => break,
                // Revoking what is revoked does nothing.
                Err(error) if error.may_have_landed() && attempt < 3 => {
                    tokio::time::sleep(self.wire.pause(attempt)).await;
                }
                Err(error) => return Err(error.doing("revoke a leased database login")),
            }
        }
        self.leased.lock().unwrap_or_else(PoisonError::into_inner).remove(lease_id);
        Ok(())
    }

    /// Gives back what nobody gave back; what cannot be ends by itself.
    pub(super) async fn give_all_back(&self) {
        let leased = self.leased.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for lease_id in leased {
            if let Err(error) = self.give_back(&lease_id).await {
                tracing::warn!(%error, "a leased login was left to expire");
            }
        }
    }

    /// The instance's database role, as the registry notes it: a configuration may name another's.
    async fn database_role(&self, spec: &Spec) -> Result<DatabaseRoleWish, FacetError> {
        let told = |cause: String, next: String| FacetError {
            fault: Fault::Missing,
            summary: "No database role in Vault is its own".to_owned(),
            attempted: format!(
                "Read the registration of {} on {}",
                shown(spec),
                self.wire.server()
            ),
            cause,
            next,
            attribute: None,
        };
        let Some(role) = wish(spec)?.database.clone() else {
            return Err(told(
                "the provider's configuration asks for none".to_owned(),
                "Give the provider block a `postgres` block beside `vault`.".to_owned(),
            ));
        };
        let noted = self.noted_roles(spec).await?;
        if noted.contains(&(role.mount.clone(), role.role.clone())) {
            return Ok(role);
        }
        Err(told(
            format!(
                "the registry notes no database role \"{}\" at \"{}\" as its own",
                role.role, role.mount
            ),
            "Apply the instance with this provider configuration, then run this again.".to_owned(),
        ))
    }

    fn unleased(&self, doing: &str, path: &str) -> FacetError {
        FacetError {
            fault: Fault::Missing,
            summary: format!("Could not {doing}"),
            attempted: format!("GET {path} on {}", self.wire.server()),
            cause: "the answer holds no lease: the database role is not there".to_owned(),
            next: "Apply the instance: that makes the role again. Then run this again.".to_owned(),
            attribute: None,
        }
    }
}

// === impl Password ===

impl Password {
    /// The password itself; call it where it is handed over, not before.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

// === impl Granted ===

impl Granted {
    /// Where less is granted than was asked for, Vault's own limit is in the way, and each renewal brings less.
    fn read(body: &Value, asked: Duration) -> Self {
        let time = Duration::from_secs(body["lease_duration"].as_u64().unwrap_or(0)).min(CENTURY);
        let renewable = body["renewable"].as_bool().unwrap_or(false);
        let is_cut = time + SECOND < asked;
        Self { time, renewable, last: !renewable || is_cut || time.is_zero() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(time: u64, renewable: bool) -> Granted {
        let body = json!({ "lease_duration": time, "renewable": renewable });
        Granted::read(&body, Duration::from_secs(6))
    }

    #[test]
    fn less_than_was_asked_for_is_the_last() {
        assert!(!granted(6, true).last);
        assert!(granted(6, false).last);
        // A server may cut a second off where it counts whole ones.
        assert!(!granted(5, true).last);
        assert!(granted(4, true).last);
    }

    #[test]
    fn a_short_life_is_renewed_like_a_long_one() {
        let granted = |time: u64| {
            let body = json!({ "lease_duration": time, "renewable": true });
            Granted::read(&body, SECOND)
        };
        assert!(!granted(1).last);
        assert!(granted(0).last);
        assert_eq!(granted(u64::MAX).time, CENTURY);
    }
}
