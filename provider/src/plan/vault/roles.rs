// SPDX-License-Identifier: MPL-2.0
//! The bodies of the roles, from the wish. Every field that decides who gets what is named.

use std::collections::{BTreeMap, BTreeSet};

use super::body::{Body, Field};
use super::statements::{StatementError, creation, revocation};
use super::{CiRoleWish, DatabaseRoleWish, KubernetesRoleWish};

/// The role of the database engine.
pub fn database(wish: &DatabaseRoleWish) -> Result<Body, StatementError> {
    Ok(Body::new()
        .with("db_name", Field::Text(wish.connection.clone()))
        .with("credential_type", Field::Default("password"))
        .with("default_ttl", Field::Seconds(wish.default_ttl.unwrap_or(0)))
        .with("max_ttl", Field::Seconds(wish.max_ttl.unwrap_or(0)))
        .with("creation_statements", Field::Statements(creation(&wish.database, &wish.owner_role)?))
        .with("revocation_statements", Field::Statements(revocation(&wish.owner_role)?))
        .with("renew_statements", Field::Statements(Vec::new()))
        .with("rollback_statements", Field::Statements(Vec::new())))
}

/// The role of the Kubernetes auth method; its tokens carry the runtime policy.
pub fn kubernetes(wish: &KubernetesRoleWish, runtime_policy: &str) -> Body {
    token(runtime_policy)
        .with("bound_service_account_names", Field::set(&wish.service_accounts))
        .with("bound_service_account_namespaces", Field::set(&wish.namespaces))
        .with("bound_service_account_namespace_selector", Field::Text(String::new()))
        .with("alias_name_source", Field::Default("serviceaccount_uid"))
        .with("audience", Field::Text(String::new()))
}

/// The role of the JWT auth method; its tokens carry the ops policy.
pub fn ci(wish: &CiRoleWish, ops_policy: &str) -> Body {
    token(ops_policy)
        .with("role_type", Field::Text("jwt".to_owned()))
        .with("user_claim", Field::Text(wish.user_claim.clone()))
        .with("user_claim_json_pointer", Field::Flag(false))
        .with("bound_audiences", Field::set(&wish.bound_audiences))
        .with("bound_claims", Field::Map(wish.bound_claims.clone()))
        .with("bound_claims_type", Field::Default("string"))
        .with("bound_subject", Field::Text(String::new()))
        .with("claim_mappings", Field::Map(BTreeMap::new()))
        .with("groups_claim", Field::Text(String::new()))
        .with("allowed_redirect_uris", Field::Set(BTreeSet::new()))
        .with("clock_skew_leeway", Field::Seconds(0))
        .with("expiration_leeway", Field::Seconds(0))
        .with("not_before_leeway", Field::Seconds(0))
        .with("max_age", Field::Seconds(0))
}

/// What every auth role says of its tokens: the mount's defaults, and one policy.
fn token(policy: &str) -> Body {
    Body::new()
        .with("token_policies", Field::Set(BTreeSet::from([policy.to_owned()])))
        .with("token_ttl", Field::Seconds(0))
        .with("token_max_ttl", Field::Seconds(0))
        .with("token_explicit_max_ttl", Field::Seconds(0))
        .with("token_period", Field::Seconds(0))
        .with("token_num_uses", Field::Number(0))
        .with("token_no_default_policy", Field::Flag(false))
        .with("token_bound_cidrs", Field::Set(BTreeSet::new()))
        .with("token_type", Field::Default("default"))
}
