// SPDX-License-Identifier: MPL-2.0
//! What a configuration can read: one file or folder a data source. `finding`, `located`, `timeout`, `unready`: what
//! several of them have.

pub mod app_instance;
pub mod finding;
pub mod fleet;
mod located;
pub mod names;
pub mod parity;
pub mod permissions;
pub mod preflight;
mod timeout;
mod unready;
