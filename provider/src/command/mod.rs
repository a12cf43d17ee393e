// SPDX-License-Identifier: MPL-2.0
//! What the binary does by hand: one command a file. Arguments and output come in, so that a test gives others.

mod approval;
mod check;
mod floor;
mod gate;
mod names;

use std::ffi::OsString;
use std::io::Write;

use clap::Command;

use crate::world::World;

/// Where a command writes.
pub struct Output<'a> {
    /// What was asked for, and nothing else.
    pub out: &'a mut dyn Write,
    /// What went wrong.
    pub err: &'a mut dyn Write,
    /// How many columns the terminal has that answers go to, 0 where it does not say; `None`: they go elsewhere.
    pub terminal: Option<usize>,
}

/// It was done.
const DONE: u8 = 0;
/// It could not be done, and why was said.
const FAILED: u8 = 1;
/// It was asked for in a way that cannot be understood.
const USAGE: u8 = 2;

/// Runs the command that the arguments name, the program's own name first among them; the exit code is the
/// process's: 0 done, 1 failed, 2 wrong usage of `approval`, `floor` and `names`, and what `check` and `gate` say for
/// themselves.
///
/// To these two 2 is an answer, so wrong usage of them, misspelt or not, is 1.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    world: &World,
    output: &mut Output<'_>,
) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let is_known =
        |name: &OsString| ["approval", "floor", "names"].iter().any(|known| name == known);
    let usage = if arguments.get(1).is_some_and(is_known) { USAGE } else { FAILED };
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(told) => return tell(&told, usage, output),
    };
    match matches.subcommand() {
        Some(("approval", matches)) => approval::run(matches, world, output),
        Some(("check", matches)) => check::run(matches, world, output),
        Some(("gate", matches)) => gate::run(matches, world, output),
        Some(("names", matches)) => names::run(matches, output),
        Some(("floor", matches)) => floor::run(matches, world, output),
        // None that is not defined above comes through.
        _ => FAILED,
    }
}

fn command() -> Command {
    Command::new("terraform-provider-appenv")
        .about(
            "The provider appenv for OpenTofu and Terraform, which start it themselves. By hand it runs these commands.",
        )
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(approval::command())
        .subcommand(check::command())
        .subcommand(gate::command())
        .subcommand(names::command())
        .subcommand(floor::command())
}

/// Prints what the parser has to say: help and version as an answer, all else as an error.
fn tell(told: &clap::Error, usage: u8, output: &mut Output<'_>) -> u8 {
    let text = told.render().to_string();
    if told.use_stderr() {
        say(output.err, &text);
        return usage;
    }
    print(output, &text)
}

/// Writes an answer; a reader that has seen enough is no failure.
fn print(output: &mut Output<'_>, text: &str) -> u8 {
    match output.out.write_all(text.as_bytes()).and_then(|()| output.out.flush()) {
        Ok(()) => DONE,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => DONE,
        Err(error) => {
            say(output.err, &format!("error: the answer could not be written: {error}\n"));
            FAILED
        }
    }
}

/// Writes to where errors go; there is nobody left to tell where that fails.
fn say(err: &mut dyn Write, text: &str) {
    let _ = err.write_all(text.as_bytes());
}
