//! What a configuration can read: one file a data source.

pub mod names;
pub mod preflight;
