//! The wire types of the protocol; nothing here is written by hand but this list.
//!
//! `tests/bootstrap.rs` writes the files beside this one from `proto/*.proto`. The client halves are there in
//! tests only, where a test plays the CLI.

/// Provider protocol 6.
#[allow(clippy::all, clippy::pedantic, dead_code, missing_docs, rust_2018_idioms, unused_qualifications)]
#[rustfmt::skip]
pub mod tfplugin6;

/// The services of go-plugin.
#[allow(clippy::all, clippy::pedantic, dead_code, missing_docs, rust_2018_idioms, unused_qualifications)]
#[rustfmt::skip]
pub mod plugin;

/// The health service of gRPC.
#[allow(clippy::all, clippy::pedantic, dead_code, missing_docs, rust_2018_idioms, unused_qualifications)]
#[rustfmt::skip]
pub mod health;
