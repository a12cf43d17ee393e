//! What a configuration can read: one file or folder a data source. `finding`, `timeout`: what several of them have.

pub mod app_instance;
pub mod finding;
pub mod fleet;
pub mod names;
pub mod parity;
mod timeout;
