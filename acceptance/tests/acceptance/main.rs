//! Acceptance tests: one binary, a module a topic. They need a CLI, PostgreSQL and OpenBao, and fail where one is
//! missing; `make test` installs the latter two.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod adopt;
mod aws;
mod bad_input;
mod canary;
mod check;
mod crash;
mod crash_rename;
mod credentials;
mod database_credentials;
mod dotenv;
mod drift;
mod elsewhere;
mod failing;
mod handmade;
mod holder;
mod host;
mod host_moved;
mod host_refused;
mod import;
mod instance;
mod instances;
mod later;
mod names;
mod names_alone;
mod names_of_ones_own;
mod orphan;
mod owner;
mod privileges;
mod proxy;
mod rename;
mod rename_given_up;
mod replace;
mod rig;
mod schema;
mod secret_crash;
mod secret_examples;
mod secret_feed;
mod secret_file;
mod secret_leak;
mod secret_rotation;
mod secret_ssm;
mod secret_ssm_place;
mod secret_vault;
mod secrets;
mod servers;
mod shared;
mod shared_owner;
mod shared_owner_refused;
mod site;
mod token;
mod transient;
mod upgrade;
mod workspace;
