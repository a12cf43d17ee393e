//! What a configuration can read: one file or folder a data source.

pub mod names;
pub mod preflight;
pub mod permissions;
