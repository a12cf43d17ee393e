// SPDX-License-Identifier: MPL-2.0
//! The provider's process, or a command that is run by hand.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use appenv::command::{self, Output};
use appenv::provider::Appenv;
use appenv::world::World;
use tfplugin::serve::{Options, serve};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let debug = arguments.iter().any(|argument| argument == "--debug" || argument == "-debug");
    // The CLI starts it without arguments, a debugger with that one.
    if !debug && arguments.len() > 1 {
        let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
        return command::run(
            arguments,
            &World::real(),
            &mut Output { out: &mut out, err: &mut err, terminal: columns() },
        )
        .into();
    }
    let options = Options { address: "registry.terraform.io/arcodange/appenv".to_owned(), debug };
    serve(Appenv::new(World::real()), &options)
}

/// How wide the terminal is that standard output goes to; `None` where it goes elsewhere.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(size.ws_col.into())
}
