// SPDX-License-Identifier: MPL-2.0
//! What needs approval, and by what it is judged. Pure.
//!
//! # Layout
//!
//! - [`mode`], `operation`, [`policy`]: what a configuration says, and what it may not loosen.
//! - [`instance`]: what a change does to an instance. [`document`]: the one form in which a change is approved, and its
//!   digest. [`approval`]: what was approved. [`approvals_file`]: the file it comes in. [`signature`]: who signed a file.
//! - [`promotion`], [`evidence`]: what must have run elsewhere before. [`standing`]: what the registries know.

pub mod approval;
pub mod approvals_file;
pub mod document;
pub mod evidence;
pub mod instance;
pub mod mode;
mod operation;
pub mod policy;
pub mod promotion;
pub mod signature;
pub mod standing;
pub mod state;

pub use approval::Approvals;
pub use evidence::Evidence;
pub use mode::Mode;
pub use operation::Operation;
pub use policy::{EnvPolicy, Policy, Promotion};
pub use standing::Standing;
