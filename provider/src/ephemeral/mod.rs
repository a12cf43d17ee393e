// SPDX-License-Identifier: MPL-2.0
//! Ephemeral resources: what a run may use and nothing keeps. One folder each.

pub mod database_credentials;
pub mod env_secret;
