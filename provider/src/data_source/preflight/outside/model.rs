// SPDX-License-Identifier: MPL-2.0
//! What is outside of every facet, as the configuration has it.

use serde::{Deserialize, Serialize};
use tfplugin::value::{Attr, Secret};

/// A Redis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct RedisModel {
    pub host: Attr<String>,
    pub port: Attr<i64>,
    pub tls: Attr<bool>,
    pub ca_cert_file: Attr<String>,
    pub username: Attr<String>,
    pub password: Attr<Secret<String>>,
    pub password_env: Attr<String>,
}

/// A health address.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct HttpModel {
    pub name: Attr<String>,
    pub url: Attr<String>,
    pub expected_status: Attr<i64>,
    pub max_latency_ms: Attr<i64>,
    pub ca_cert_file: Attr<String>,
}

/// A TLS endpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct CertificateModel {
    pub host: Attr<String>,
    pub port: Attr<i64>,
    pub server_name: Attr<String>,
    pub min_days: Attr<i64>,
}

/// A dotenv file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct DotenvModel {
    pub path: Attr<String>,
    pub mode: Attr<String>,
    pub owner: Attr<String>,
    pub link: Attr<String>,
}

/// A file that names what it should.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the schema beside it says what each is")]
pub struct FileModel {
    pub path: Attr<String>,
    pub contains: Attr<Vec<Attr<String>>>,
    pub pattern: Attr<String>,
}
