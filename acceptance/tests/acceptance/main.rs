//! Acceptance tests: one binary, a module a topic. They need a CLI, PostgreSQL and OpenBao, and fail where one is
//! missing; `make test` installs the latter two.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod canary;
mod check;
mod crash;
mod credentials;
mod drift;
mod import;
mod instance;
mod instances;
mod orphan;
mod privileges;
mod proxy;
mod rig;
mod servers;
mod shared;
mod token;
mod transient;
mod workspace;
