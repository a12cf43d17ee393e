// SPDX-License-Identifier: MPL-2.0
//! The Vault facet against a private OpenBao, as the tokens of `docs/policies`; never as root.
//!
//! Servers are found by `APPENV_BAO` and `APPENV_PG_BINDIRS` (separated by `:`), else on PATH and in the places named
//! in `servers`; a test whose server is not found fails.
// The bench of these tests is the world: it reads the environment and makes files.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod bao;
mod errors;
mod faults;
mod floors;
mod later;
mod leases;
mod lifecycle;
mod postgres;
mod proxy;
mod registry;
mod servers;
mod shared;
mod tokens;
mod wish;
