// SPDX-License-Identifier: MPL-2.0
//! What a configuration can make: one folder a resource. `state_gate`: what both ask before a change.

pub mod app_instance;
pub mod env_secret;
mod state_gate;
