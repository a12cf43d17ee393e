// SPDX-License-Identifier: MPL-2.0
//! Approvals as they come in: files, signatures of the real `ssh-keygen`, and what is said of each that does not count.
#![allow(clippy::disallowed_methods, reason = "tests are the world")]
#![allow(clippy::unwrap_used)]

#[path = "gate/keygen.rs"]
mod keygen;
#[path = "gate/settings.rs"]
mod settings;
#[path = "gate/signature.rs"]
mod signature;
