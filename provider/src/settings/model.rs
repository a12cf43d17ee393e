// SPDX-License-Identifier: MPL-2.0
//! The provider block as the user wrote it; any endpoint may be unknown.

use serde::{Deserialize, Serialize};
use tfplugin::value::{Attr, Number, Secret};

use super::names::NamesModel;

/// The provider block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct Model {
    pub convention: Attr<String>,
    pub elided: Attr<String>,
    pub organization: Attr<String>,
    pub domain: Attr<String>,
    pub owner: Attr<String>,
    pub environment: Vec<EnvironmentModel>,
    pub postgres: Option<PostgresModel>,
    pub vault: Option<VaultModel>,
    pub host: Option<HostModel>,
    pub aws: Option<AwsModel>,
    pub secret_store: Attr<String>,
    pub names: Option<NamesModel>,
    pub gates: Option<GatesModel>,
    pub state: Option<StateModel>,
    pub approvals: Attr<Vec<Attr<String>>>,
    pub approvals_file: Attr<String>,
    pub approval_keys: Attr<Vec<Attr<String>>>,
}

/// What each gate does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct GatesModel {
    pub naming: Attr<String>,
    pub production: Attr<String>,
    pub state: Attr<String>,
}

/// Where states belong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct StateModel {
    pub prefix: Attr<String>,
}

/// One declared env.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct EnvironmentModel {
    pub name: Attr<String>,
    pub production: Attr<bool>,
    pub apps: Attr<Vec<Attr<String>>>,
    pub allow: Attr<Vec<Attr<String>>>,
    pub promote_from: Attr<String>,
    pub soak: Attr<String>,
    pub evidence: Attr<String>,
    pub log_retention_days: Attr<Number>,
}

/// The PostgreSQL server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct PostgresModel {
    pub url: Attr<Secret<String>>,
    pub host: Attr<String>,
    pub port: Attr<i64>,
    pub user: Attr<String>,
    pub password: Attr<Secret<String>>,
    pub database: Attr<String>,
    pub sslmode: Attr<String>,
    pub sslrootcert: Attr<String>,
}

/// The Vault or OpenBao server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct VaultModel {
    pub address: Attr<String>,
    pub token: Attr<Secret<String>>,
    pub namespace: Attr<String>,
    pub ca_cert_file: Attr<String>,
    pub kv_mount: Attr<String>,
    pub database_mount: Attr<String>,
    pub database_connection: Attr<String>,
    pub database_login: Attr<String>,
    pub auth_approle: Option<AuthApprole>,
    pub auth_kubernetes: Option<AuthRole>,
    pub auth_jwt: Option<AuthJwt>,
    pub kubernetes: Option<KubernetesModel>,
    pub ci: Option<CiModel>,
}

/// The directories of this machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct HostModel {
    pub root: Attr<String>,
    pub name: Attr<String>,
    pub backups_kept: Attr<i64>,
}

/// The account and region of AWS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct AwsModel {
    pub region: Attr<String>,
    pub profile: Attr<String>,
    pub endpoint_url: Attr<String>,
    pub expected_account: Attr<String>,
    pub kms_key: Attr<String>,
}

/// Login by AppRole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct AuthApprole {
    pub mount: Attr<String>,
    pub role_id: Attr<String>,
    pub secret_id: Attr<Secret<String>>,
}

/// Login by the service account of the pod it runs in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct AuthRole {
    pub mount: Attr<String>,
    pub role: Attr<String>,
    pub token_file: Attr<String>,
}

/// Login by a JWT.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct AuthJwt {
    pub mount: Attr<String>,
    pub role: Attr<String>,
    pub jwt: Attr<Secret<String>>,
}

/// Where applications log in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct KubernetesModel {
    pub mount: Attr<String>,
}

/// Where CI logs in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct CiModel {
    pub mount: Attr<String>,
    pub bound_claims: Attr<std::collections::BTreeMap<String, Attr<String>>>,
    pub bound_audiences: Attr<Vec<Attr<String>>>,
    pub user_claim: Attr<String>,
    pub revision: Attr<i64>,
}
