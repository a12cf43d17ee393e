// SPDX-License-Identifier: MPL-2.0
//! `approval show EVENTS`: what a plan needs approval for, readable, or as a file of approvals.

use std::fmt::Write as _;
use std::io::Read as _;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::super::{Output, print};
use super::events::{self, Change};
use super::{fail, option};
use crate::gate::approvals_file::{self, Entry};
use crate::gate::document::Digest;
use crate::naming::shown;
use crate::plan::duration;
use crate::world::World;

/// No file of events is longer, bytes.
const LONGEST: u64 = 256 << 20;

pub fn command() -> Command {
    Command::new("show")
        .about("List the changes of a plan that have a digest")
        .long_about(
            "List the changes of a plan that have a digest. Each digest is made again from the document beside it; where they \
             differ nothing is shown and it fails.",
        )
        .after_help(
            "Examples:\n  terraform plan -json > events.jsonl\n  terraform-provider-appenv approval show events.jsonl\n  \
             terraform-provider-appenv approval show events.jsonl --json --approver alice --ticket OPS-7 > approvals.json\n\n\
             Exit code: 0 shown, 1 failed (standard error says why), 2 wrong usage.",
        )
        .arg(
            Arg::new("events")
                .value_name("EVENTS")
                .required(true)
                .help("The events of `plan -json`; - for standard input"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print a file of approvals of what is not approved yet"),
        )
        .arg(
            option("expires", "DURATION", "For how long they count, such as 8h or 2d")
                .default_value("24h")
                .value_parser(seconds),
        )
        .arg(option("approver", "NAME", "Who approves").requires("json"))
        .arg(option("ticket", "TEXT", "Why").requires("json"))
        .arg(
            option("digest", "DIGEST", "Only this change; may be repeated")
                .action(ArgAction::Append)
                .value_parser(digest),
        )
}

fn seconds(text: &str) -> Result<std::time::Duration, String> {
    duration::parse(text)
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "a duration is such as 30m, 8h or 2d".to_owned())
}

pub fn digest(text: &str) -> Result<Digest, String> {
    Digest::parse(text).ok_or_else(|| approvals_file::fault(text))
}

/// Prints what is asked for.
pub fn run(matches: &ArgMatches, world: &World, output: &mut Output<'_>) -> u8 {
    match told(matches, world) {
        Ok(text) => print(output, &text),
        Err(why) => fail(output, &why),
    }
}

fn told(matches: &ArgMatches, world: &World) -> Result<String, String> {
    let path = matches.get_one::<String>("events").cloned().unwrap_or_default();
    let name = if path == "-" { "standard input".to_owned() } else { shown(&path) };
    let refused = |why: String| {
        format!(
            "The events of {name} cannot be used: {why}.\n  Next: give all that `terraform plan -json` or `tofu plan -json` printed, \
             and nothing else."
        )
    };
    let bytes = if path == "-" { from_input() } else { world.read_bytes(&path, LONGEST) };
    let bytes = bytes.map_err(|error| refused(error.to_string()))?;
    let changes = events::changes(&bytes).map_err(refused)?;
    let wanted: Vec<&Digest> = matches.get_many::<Digest>("digest").into_iter().flatten().collect();
    for digest in &wanted {
        if !changes.iter().any(|change| change.digest == **digest) {
            return Err(format!(
                "No change of this plan has the digest {digest}.\n  Next: look at what it has: approval show without --digest."
            ));
        }
    }
    let is_wanted = |change: &&Change| wanted.is_empty() || wanted.contains(&&change.digest);
    let changes: Vec<&Change> = changes.iter().filter(is_wanted).collect();
    if !matches.get_flag("json") {
        return Ok(listed(&changes));
    }
    if let Some(change) = changes.iter().find(|change| change.is_approved && !wanted.is_empty()) {
        return Err(format!(
            "{} is already approved.\n  Next: leave it out; an approval that is there counts.",
            change.digest
        ));
    }
    let changes: Vec<&&Change> = changes.iter().filter(|change| !change.is_approved).collect();
    if changes.is_empty() {
        return Err(
            "No change of this plan waits for approval.\n  Next: apply it as it is.".to_owned()
        );
    }
    let now = world.time().round(jiff::Unit::Second).map_err(|error| error.to_string())?;
    let time = matches.get_one::<std::time::Duration>("expires").copied().unwrap_or_default();
    let expires = now.checked_add(time).map_err(|error| format!("--expires: {error}."))?;
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let entry = |change: &&&Change| Entry {
        digest: change.digest.clone(),
        expires: Some(expires),
        ticket: text("ticket"),
        approver: text("approver"),
    };
    approvals_file::write(&changes.iter().map(entry).collect::<Vec<_>>())
}

fn from_input() -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(std::io::Error::other(format!("it has more than {LONGEST} bytes")));
    }
    Ok(bytes)
}

fn listed(changes: &[&Change]) -> String {
    let mut text = String::new();
    for change in changes {
        let verdict = if change.is_approved { "approved" } else { "not approved" };
        let readable = change.document.readable().replace('\n', "\n  ");
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{} {verdict}\n  {readable}\n", change.digest);
    }
    if text.is_empty() { "No change of this plan needs an approval.\n".to_owned() } else { text }
}
