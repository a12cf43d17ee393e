// SPDX-License-Identifier: MPL-2.0
//! Checks of what no facet manages: Redis, health endpoints, certificates, the environment, files. One file a check;
//! each takes plain input and makes checks that are run side by side.

mod certificate;
mod dotenv;
mod environment;
mod file_matches;
mod http;
mod redis;
mod tls;

pub use certificate::CertificateTarget;
pub use dotenv::DotenvTarget;
pub use environment::environment;
pub use file_matches::FileTarget;
pub use http::HttpTarget;
pub use redis::{Password, RedisTarget};
pub use tls::Authorities;
