//! Acceptance tests: one binary, a module a topic. They need a CLI, PostgreSQL and OpenBao, and fail where one is
//! missing; `make test` installs the latter two.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod canary;
mod check;
mod elsewhere;
mod failing;
mod holder;
mod owner;
mod proxy;
mod replace;
mod servers;
mod site;
mod workspace;
