// SPDX-License-Identifier: MPL-2.0
//! The toy provider of the tests as a program: something to start under a CLI without a server of any kind.

#[allow(dead_code, missing_docs, clippy::unused_async, clippy::manual_assert)]
#[path = "../tests/toy/mod.rs"]
mod toy;

use std::process::ExitCode;

use tfplugin::serve::{Options, serve};

fn main() -> ExitCode {
    let options = Options {
        address: "registry.terraform.io/example/toy".to_owned(),
        debug: std::env::args().any(|argument| argument == "-debug"),
    };
    serve(toy::Toy::default(), &options)
}
