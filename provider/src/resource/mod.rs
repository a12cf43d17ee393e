//! What a configuration can make: one folder a resource.

pub mod app_instance;
