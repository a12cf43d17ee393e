// SPDX-License-Identifier: MPL-2.0
//! The PostgreSQL facet against real private servers, as a superuser and as a login with CREATEROLE and CREATEDB.
//!
//! Servers are found in `APPENV_PG_BINDIRS` (folders, colon-separated), else in `PATH`,
//! `/usr/lib/postgresql/*/bin` and the repository's `.tools/venv`. Without any the tests fail.

#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::disallowed_methods)]

#[path = "postgres_live/bench.rs"]
mod bench;
#[path = "postgres_live/errors.rs"]
mod errors;
#[path = "postgres_live/extensions.rs"]
mod extensions;
#[path = "postgres_live/floors.rs"]
mod floors;
#[path = "postgres_live/leases.rs"]
mod leases;
#[path = "postgres_live/lifecycle.rs"]
mod lifecycle;
#[path = "postgres_live/names.rs"]
mod names;
#[path = "postgres_live/races.rs"]
mod races;
#[path = "postgres_live/removal.rs"]
mod removal;
#[path = "postgres_live/server.rs"]
mod server;
#[path = "postgres_live/tls.rs"]
mod tls;
