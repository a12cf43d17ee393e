//! Acceptance tests: one binary, a module a topic. They need a CLI, PostgreSQL and OpenBao, and fail where one is
//! missing; `make test` installs the latter two.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod bad_input;
mod canary;
mod check;
mod later;
mod names;
mod proxy;
mod schema;
mod secrets;
mod servers;
mod workspace;
