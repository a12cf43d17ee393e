//! Checks of an instance against what stands: read-only, side by side, within one deadline.

pub mod outside;
mod run;

pub use run::{Check, run};
