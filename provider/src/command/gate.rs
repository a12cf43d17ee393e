// SPDX-License-Identifier: MPL-2.0
//! `gate EVENTS.jsonl [PLAN.json]`: what a plan would do and whether it may, for a pull request and for the job.

use std::ffi::OsString;
use std::io::BufReader;

use clap::builder::ValueParser;
use clap::{Arg, ArgMatches, Command};

use super::{FAILED, Output, print, say};
use crate::report::{Input, Report, Unreadable, json, markdown, read_events, read_plan};
use crate::world::World;

/// Its definition, from which parser and help are made.
pub fn command() -> Command {
    let file = |name: &'static str, help: &'static str| {
        Arg::new(name).value_name(name).value_parser(ValueParser::os_string()).help(help)
    };
    Command::new("gate")
        .about("Judge a plan: a comment for the pull request, an exit code for the job")
        .long_about(
            "Judge a plan by the events that `plan -json` printed and, for names and drifted objects, by what `show -json` \
             prints of the saved plan. Standard output gets a comment for a pull request. No secret is in it.",
        )
        .after_help(
            "Exit codes:\n  \
             0  nothing changes\n  \
             1  it cannot be judged or has errors; wrong usage too\n  \
             2  something changes, all of it allowed\n  \
             3  a gate refuses something, such as a production change that is not approved\n  \
             4  all of it is allowed, and objects of any provider are destroyed\n\
             Whatever is not 0, 2 or 4 keeps the gate closed.",
        )
        .arg(file("EVENTS.jsonl", "What `terraform plan -json` or `tofu plan -json` printed").required(true))
        .arg(file("PLAN.json", "What `show -json` prints of the plan that made the events"))
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(["markdown", "json"])
                .default_value("markdown")
                .help("What standard output gets"),
        )
}

/// Runs it; the exit code is the verdict's.
pub fn run(matches: &ArgMatches, world: &World, output: &mut Output<'_>) -> u8 {
    let is_json = matches.get_one::<String>("format").is_some_and(|format| format == "json");
    match judge(matches, world) {
        Ok(report) => {
            let text = if is_json { json::report(&report) } else { markdown::report(&report) };
            // A verdict that could not be told is none.
            match print(output, &text) {
                super::DONE => report.verdict.exit_code(),
                failed => failed,
            }
        }
        Err(why) => {
            say(output.err, &format!("error: {why}\n"));
            // A comment of an earlier run must not outlive this one.
            let text = if is_json { json::unreadable(&why) } else { markdown::unreadable(&why) };
            print(output, &text);
            FAILED
        }
    }
}

fn judge(matches: &ArgMatches, world: &World) -> Result<Report, Unreadable> {
    let open = |input: Input, path: &OsString| {
        world.open_file(path).map(BufReader::new).map_err(|error| Unreadable {
            input,
            why: format!("the file cannot be opened: {}", error.kind()),
            next: "see whether the steps before have written it, and give its path.".to_owned(),
        })
    };
    let events = matches.get_one("EVENTS.jsonl").map(|path| open(Input::Events, path));
    let plan = matches.get_one("PLAN.json").map(|path| open(Input::Plan, path)).transpose()?;
    // The parser requires it.
    let Some(events) = events.transpose()? else {
        return Err(Unreadable {
            input: Input::Events,
            why: "it is not given".to_owned(),
            next: "give it.".to_owned(),
        });
    };
    let events = read_events(events)?;
    let plan = plan.map(read_plan).transpose()?;
    Report::of(events, plan.as_ref())
}
