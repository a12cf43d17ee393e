// SPDX-License-Identifier: MPL-2.0
//! Roles and the connection, from what was read to findings. Pure.

use serde_json::{Map, Value};

use crate::facet::vault::Connection;
use crate::finding::Finding;
use crate::plan::vault::body::{Body, Field};
use crate::plan::vault::{DatabaseRoleWish, KubernetesRoleWish, roles};

use super::super::fix;

/// Whether the connection to PostgreSQL is there and lets the role lease.
pub(super) const DATABASE_CONNECTION: &str = "vault_database_connection";
/// Whether passwords of leased logins stay out of PostgreSQL's log.
pub(super) const PASSWORD_AUTHENTICATION: &str = "vault_password_authentication";
/// Whether the database role makes and ends logins of this owner role, in this database.
pub(super) const DATABASE_ROLE: &str = "vault_database_role";
/// Whether the Kubernetes auth role is bound to this namespace and service account.
pub(super) const KUBERNETES_ROLE: &str = "vault_kubernetes_role";

pub(super) fn connection(
    found: Option<&Connection>,
    wish: &DatabaseRoleWish,
    target: &str,
) -> [Finding; 2] {
    let DatabaseRoleWish { mount, connection, role, .. } = wish;
    let Some(found) = found else {
        let fix = fix::command(format!(
            "bao write {mount}/config/{connection} plugin_name=postgresql-database-plugin \
             connection_url='postgresql://{{{{username}}}}:{{{{password}}}}@HOST:5432/postgres' username=LOGIN \
             password=PASSWORD password_authentication=scram-sha-256 allowed_roles={role}"
        ));
        let why = format!("Not asked: see {DATABASE_CONNECTION}.");
        return [
            Finding::fail(DATABASE_CONNECTION, target, "It is not there.", fix),
            Finding::skip(PASSWORD_AUTHENTICATION, target, why),
        ];
    };
    let admits = if found.admits(role) {
        let detail = format!("It is there, and role \"{role}\" may lease through it.");
        Finding::ok(DATABASE_CONNECTION, target, detail)
    } else {
        let mut allowed = found.allowed_roles().to_vec();
        allowed.push(role.clone());
        Finding::fail(
            DATABASE_CONNECTION,
            target,
            format!(
                "Its allowed_roles is {:?}: role \"{role}\" may not lease through it.",
                found.allowed_roles()
            ),
            fix::command(format!(
                "bao write {mount}/config/{connection} allowed_roles={}",
                fix::quoted(&allowed.join(","))
            )),
        )
    };
    let scram = if found.sends_verifiers() {
        Finding::ok(PASSWORD_AUTHENTICATION, target, "It sends PostgreSQL verifiers, no passwords.")
    } else {
        Finding::warn(
            PASSWORD_AUTHENTICATION,
            target,
            "It sends PostgreSQL the passwords of leased logins in clear; PostgreSQL's log may show them (log_statement).",
            fix::command(format!(
                "bao write {mount}/config/{connection} password_authentication=scram-sha-256"
            )),
        )
    };
    [admits, scram]
}

pub(super) fn database_role(
    held: Option<Map<String, Value>>,
    wish: &DatabaseRoleWish,
    target: String,
) -> Finding {
    let fix = match roles::database(wish) {
        Ok(body) => write(&format!("{}/roles/{}", wish.mount, wish.role), &body),
        Err(_) => "Write names that can stand in SQL, then apply the instance.".to_owned(),
    };
    let Some(held) = held else {
        return Finding::fail(DATABASE_ROLE, target, "It is not there.", fix);
    };
    let wrong = wrong_in_role(&held, wish);
    if wrong.is_empty() && !sets_role(&held) {
        let detail = format!(
            "Its statements make and end logins of role \"{}\", and none lets them work as it in database \"{}\": what a login \
             makes belongs to it alone.",
            wish.owner_role, wish.database
        );
        return Finding::warn(DATABASE_ROLE, target, detail, fix);
    }
    if wrong.is_empty() {
        let detail = format!(
            "Its statements make and end logins of role \"{}\" in database \"{}\".",
            wish.owner_role, wish.database
        );
        return Finding::ok(DATABASE_ROLE, target, detail);
    }
    Finding::fail(DATABASE_ROLE, target, wrong.join(" "), fix)
}

/// Whether a creation statement sets a role for the login in a database.
fn sets_role(held: &Map<String, Value>) -> bool {
    let creation = held.get("creation_statements").and_then(Value::as_array);
    let mut texts = creation.into_iter().flatten().filter_map(Value::as_str);
    texts.any(|text| text.to_uppercase().contains("IN DATABASE"))
}

/// What keeps a database role from making logins of this owner role, or ending them; one sentence each.
fn wrong_in_role(held: &Map<String, Value>, wish: &DatabaseRoleWish) -> Vec<String> {
    let DatabaseRoleWish { connection, database, owner_role, .. } = wish;
    let statements = |field: &str| -> Vec<&str> {
        let listed = held.get(field).and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let (creation, revocation) =
        (statements("creation_statements"), statements("revocation_statements"));
    let names = |all: &[&str], name: &str| all.iter().any(|one| stands(one, name));
    let mut wrong = Vec::new();
    let uses = held.get("db_name").and_then(Value::as_str).unwrap_or_default();
    if uses != connection {
        wrong.push(format!("It leases through connection {uses:?}, not \"{connection}\"."));
    }
    if !names(&creation, owner_role) {
        wrong.push(format!("Its creation statements do not name role \"{owner_role}\"."));
    }
    let places: Vec<&str> =
        creation.iter().copied().filter(|one| one.to_uppercase().contains("IN DATABASE")).collect();
    if !places.is_empty() && !names(&places, database) {
        wrong.push(format!(
            "Its creation statements set the role in another database than \"{database}\"."
        ));
    }
    if !names(&revocation, owner_role) {
        wrong.push(format!("Its revocation statements do not name role \"{owner_role}\"."));
    }
    wrong
}

/// Whether a name stands in a statement by itself, and not as a part of a longer one.
fn stands(statement: &str, name: &str) -> bool {
    let part =
        |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '$'));
    statement.match_indices(name).any(|(at, _)| {
        !part(statement[..at].chars().next_back())
            && !part(statement[at + name.len()..].chars().next())
    })
}

pub(super) fn kubernetes_role(
    held: Option<Map<String, Value>>,
    wish: &KubernetesRoleWish,
    runtime_policy: &str,
    target: String,
) -> Finding {
    let fix = write(
        &format!("auth/{}/role/{}", wish.mount, wish.role),
        &roles::kubernetes(wish, runtime_policy),
    );
    let Some(held) = held else {
        return Finding::fail(KUBERNETES_ROLE, target, "It is not there.", fix);
    };
    let bound = Body::new()
        .with("bound_service_account_names", Field::set(&wish.service_accounts))
        .with("bound_service_account_namespaces", Field::set(&wish.namespaces))
        .with("token_policies", Field::set([&runtime_policy.to_owned()]));
    let wrong = bound.differences(&held);
    let wanted = format!(
        "namespace {}, service account {}, policy \"{runtime_policy}\"",
        wish.namespaces.join(", "),
        wish.service_accounts.join(", ")
    );
    if wrong.is_empty() {
        return Finding::ok(KUBERNETES_ROLE, target, format!("It is bound to {wanted}."));
    }
    let detail = format!("It should be bound to {wanted}; {}.", wrong.join("; "));
    Finding::fail(KUBERNETES_ROLE, target, detail, fix)
}

fn write(path: &str, body: &Body) -> String {
    fix::with_input(&format!("bao write {path} -"), &body.to_json().to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wish() -> DatabaseRoleWish {
        DatabaseRoleWish {
            mount: "postgres".to_owned(),
            connection: "postgres".to_owned(),
            role: "erp-sandbox".to_owned(),
            database: "erp-sandbox".to_owned(),
            owner_role: "erp_sandbox_role".to_owned(),
            default_ttl: None,
            max_ttl: None,
        }
    }

    fn wrong(change: impl FnOnce(&mut Map<String, Value>)) -> Vec<String> {
        let Value::Object(mut held) = roles::database(&wish()).unwrap().to_json() else {
            panic!("a body is an object")
        };
        change(&mut held);
        wrong_in_role(&held, &wish())
    }

    #[test]
    fn statements_are_ours_or_name_this_owner_in_other_words() {
        assert_eq!(wrong(|_| ()), [""; 0]);
        let other_words = wrong(|held| {
            held["creation_statements"] = json!([
                "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}'; GRANT erp_sandbox_role TO \"{{name}}\";"
            ]);
            held["revocation_statements"] = json!([
                "REASSIGN OWNED BY \"{{name}}\" TO erp_sandbox_role; DROP ROLE \"{{name}}\";"
            ]);
        });
        assert_eq!(other_words, [""; 0]);
    }

    #[test]
    fn statements_of_another_owner_are_told() {
        let other = |text: &Value| {
            let text = text.to_string().replace("erp_sandbox_role", "erp_sandbox_role2");
            serde_json::from_str::<Value>(&text).unwrap()
        };
        let said = wrong(|held| {
            held["creation_statements"] = other(&held["creation_statements"]);
            held["revocation_statements"] = json!(null);
            held["db_name"] = json!("old");
        });
        assert_eq!(
            said,
            [
                "It leases through connection \"old\", not \"postgres\".",
                "Its creation statements do not name role \"erp_sandbox_role\".",
                "Its revocation statements do not name role \"erp_sandbox_role\".",
            ]
        );
        let elsewhere = wrong(|held| {
            let text = held["creation_statements"]
                .to_string()
                .replace("DATABASE \\\"erp-sandbox\\\"", "DATABASE \\\"erp\\\"");
            held["creation_statements"] = serde_json::from_str(&text).unwrap();
        });
        assert_eq!(
            elsewhere,
            ["Its creation statements set the role in another database than \"erp-sandbox\"."]
        );
    }
}
