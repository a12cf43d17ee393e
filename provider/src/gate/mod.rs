//! What needs approval, and by what it is judged. Pure.
//!
//! # Layout
//!
//! - [`mode`], [`operation`], [`policy`]: what a configuration says, and what it may not loosen.
//! - [`instance`]: what a change does to an instance.
//! - [`promotion`], [`evidence`]: what must have run elsewhere before. [`standing`]: what the registries know.

pub mod evidence;
pub mod instance;
pub mod mode;
mod operation;
pub mod policy;
pub mod promotion;
pub mod standing;

pub use evidence::Evidence;
pub use mode::Mode;
pub use operation::Operation;
pub use policy::{EnvPolicy, Policy, Promotion};
pub use standing::Standing;
