// SPDX-License-Identifier: MPL-2.0
//! `approval show` and `approval verify`: what a plan asks approval for, and what a file approves.

mod events;
mod show;
mod verify;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{FAILED, Output, USAGE, say};
use crate::world::World;

/// Its definition, from which parser and help are made.
pub fn command() -> Command {
    Command::new("approval")
        .about("Show what a plan needs approval for, and check a file of approvals")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(show::command())
        .subcommand(verify::command())
}

/// Runs one of them.
pub fn run(matches: &ArgMatches, world: &World, output: &mut Output<'_>) -> u8 {
    match matches.subcommand() {
        Some(("show", matches)) => show::run(matches, world, output),
        Some(("verify", matches)) => verify::run(matches, world, output),
        // None that is not defined above comes through.
        _ => USAGE,
    }
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help).action(ArgAction::Set)
}

fn fail(output: &mut Output<'_>, told: &str) -> u8 {
    say(output.err, &format!("error: {told}\n"));
    FAILED
}
