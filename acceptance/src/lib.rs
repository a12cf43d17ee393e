// SPDX-License-Identifier: MPL-2.0
//! Drives the built provider with the real CLI on a real PostgreSQL and a real OpenBao.
//!
//! # Layout
//!
//! * [`cli`]: finds `tofu` and `terraform`; [`provider`]: finds or builds the provider's binary.
//! * [`workspace`]: a directory with HCL in it, and every command one can run there; [`output`]: what a run said.
//! * [`servers`]: private servers (PostgreSQL, OpenBao, Redis, a small web server), stopped with the test that started them.
//! * [`check`]: questions asked of the servers themselves: snapshots, differences, sentinels.
//! * [`canary`]: looks for a secret in everything a run leaves behind.
//! * [`proxy`]: stands between the provider and a server, counts writes and breaks the Nth.
//! * [`daemon`], [`account`], [`processes`], [`scratch`], [`random`]: servers, the user they run as, who started whom,
//!   directories, secrets.
//!
//! This is a test bench: a method that cannot do what its name says panics with the whole story, so that tests read
//! like prose. It links neither the provider nor the protocol crate.

#![allow(
    clippy::disallowed_methods,
    reason = "the bench starts servers, reads their files and waits for them: it is the world"
)]

pub mod account;
pub mod canary;
pub mod check;
pub mod cli;
pub mod daemon;
pub mod output;
pub mod processes;
pub mod provider;
pub mod proxy;
pub mod random;
pub mod scratch;
pub mod servers;
pub mod workspace;

pub use servers::{OpenBao, Postgres};

pub use canary::{Canaries, Sinks};
pub use check::{Sentinel, Snapshot};
pub use cli::Cli;
pub use output::{Diagnostic, Diagnostics, Run};
pub use proxy::{Fault, Proxy};
pub use workspace::Workspace;

/// Writes a line for whoever runs the program; that nobody reads it any more ends nothing.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        writeln!(std::io::stdout(), $($text)*).ok();
    }};
}
