//! What a configuration can make: one folder a resource.

pub mod app_instance;
pub mod env_secret;
