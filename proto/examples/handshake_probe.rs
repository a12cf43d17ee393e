// SPDX-License-Identifier: MPL-2.0
//! A provider that offers nothing, for the tests of the process itself.
//!
//! `PROBE` says what its configuration does; what it has done so far it appends to the file `PROBE_NOTES`.

#![allow(clippy::disallowed_methods, reason = "tests and their doubles are the world")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::provider::Provider;
use tfplugin::schema::Schema;
use tfplugin::serve::{Options, serve};
use tfplugin::server::Registry;

/// What must not get out.
const SECRET: &str = "hunter2-canary";

struct Probe;

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Model {}

impl Provider for Probe {
    type Model = Model;

    fn schema() -> Schema {
        Schema::default()
    }

    fn offer(self: Arc<Self>, _registry: &mut Registry) {}

    async fn configure(&self, cx: &mut Context, _config: Model) -> Result<(), Errors> {
        match variable("PROBE").as_str() {
            "statement" => {
                note("began");
                cx.stop.cancelled().await;
                note("asked to stop");
                tokio::time::sleep(Duration::from_millis(500)).await;
                note("finished");
            }
            "note" => note(if cx.stop.is_cancelled() { "stopped" } else { "fresh" }),
            "panic" => panic!("the password is {}", variable("PROBE_SECRET")),
            "log" => log(),
            _ => {}
        }
        Ok(())
    }
}

fn log() {
    let every: String = (0..=0xff_u8).map(char::from).collect();
    tracing::info!(every, "@message" = 1, "@level" = true, "{every}");
    tracing::warn!(huge = "x".repeat(1 << 20), "{}", "\u{1b}[2J".repeat(1 << 16));
    tracing::trace!(message = 7, "@timestamp" = 8, panic = "panic: no");
    tracing::error!(target: "h2::codec", "a foreign warning");
    tracing::info!(target: "tokio_postgres::query", SECRET, "executing");
    tracing::trace!(target: "vaultrs", SECRET, "sending");
    tracing::info!(target: "elsewhere", SECRET, "anything");
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn note(text: &str) {
    let file = OpenOptions::new().create(true).append(true).open(variable("PROBE_NOTES"));
    file.and_then(|mut file| writeln!(file, "{text}")).expect("PROBE_NOTES is a file to write");
}

fn main() -> ExitCode {
    let debug = std::env::args().any(|argument| argument == "--debug");
    serve(Probe, &Options { address: "registry.example.org/acme/probe".to_owned(), debug })
}
