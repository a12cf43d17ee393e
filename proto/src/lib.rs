// SPDX-License-Identifier: MPL-2.0
//! Provider protocol 6 for OpenTofu and Terraform.
//!
//! # Layout
//!
//! - [`serve`]: the process, from the cookie to its end; [`stop`]: what an interrupt reaches.
//! - [`value`]: bytes ⇄ values ⇄ models. [`schema`]: what a block holds.
//! - [`provider`], [`resource`], [`data_source`], [`ephemeral`], [`function`]: the traits an author implements;
//!   [`context`] and [`diagnostic`]: what their methods are handed and answer.
//! - [`server`]: one RPC family a file: decode, call, encode.
//!
//! It knows no resource of any provider.

mod calls;
mod connection;
pub mod context;
pub mod data_source;
pub mod diagnostic;
pub mod ephemeral;
pub mod function;
mod handshake;
mod host;
mod listen;
mod log;
mod process;
pub mod provider;
pub mod resource;
mod routes;
pub mod schema;
pub mod serve;
pub mod server;
pub mod stop;
mod tls;
pub mod value;
#[path = "gen/mod.rs"]
mod wire;
