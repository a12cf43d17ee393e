//! The process: cookie, handshake line, mutual TLS, listening, logs, stopping.

use std::process::ExitCode;

use crate::provider::Provider;

/// Who serves.
#[derive(Clone, Debug)]
pub struct Options {
    /// `registry.terraform.io/arcodange/appenv`: the address that debug mode prints.
    pub address: String,
    /// Prints `TF_REATTACH_PROVIDERS` and serves until interrupted, for a debugger.
    pub debug: bool,
}

/// Serves a provider until the CLI says it is over; the exit code is the process's.
pub fn serve<P: Provider>(_provider: P, _options: &Options) -> ExitCode {
    ExitCode::FAILURE
}
