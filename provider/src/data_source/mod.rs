//! What a configuration can read: one file or folder a data source.

mod located;
pub mod names;
pub mod preflight;
