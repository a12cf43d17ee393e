// SPDX-License-Identifier: MPL-2.0
//! `approval verify FILE`: what a file approves, whether one signed it whose signature counts, and whether it is over.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::super::{DONE, Output, print, say};
use super::{fail, option, show};
use crate::gate::Approvals;
use crate::gate::approval::{Approval, Judged};
use crate::gate::approvals_file;
use crate::gate::document::Digest;
use crate::gate::signature::{self, Key};
use crate::naming::shown;
use crate::world::World;

/// No such file is longer, bytes.
const LONGEST: u64 = 1 << 20;
/// Nobody signed it whose signature counts.
const UNSIGNED: u8 = 3;
/// What it approves is over.
const EXPIRED: u8 = 4;
/// It does not approve that.
const NOT_APPROVED: u8 = 5;

pub fn command() -> Command {
    Command::new("verify")
        .about("Check a file of approvals")
        .long_about(
            "Check a file of approvals as the provider does, and print what it approves. With keys, its signature must be of one \
             of them.",
        )
        .after_help(
            "Example:\n  terraform-provider-appenv approval verify approvals.json --keys-file keys.txt\n\nExit code: 0 it counts, \
             1 it cannot be read, 2 wrong usage, 3 its signature does not count, 4 an approval in it (with --digest: that one) is \
             over, 5 it does not approve --digest.",
        )
        .arg(Arg::new("file").value_name("FILE").required(true).help("The file of approvals"))
        .arg(option("signature", "FILE", "Its signature [default: FILE.sig]"))
        .arg(
            option("key", "LINE", "A public key of OpenSSH; may be repeated")
                .action(ArgAction::Append)
                // What begins with dashes is a private key: it is refused as one, and not shown.
                .allow_hyphen_values(true),
        )
        .arg(option("keys-file", "FILE", "Public keys of OpenSSH, a line each"))
        .arg(
            option("digest", "DIGEST", "Whether it approves this")
                .value_parser(show::digest),
        )
}

/// Prints what the file approves.
pub fn run(matches: &ArgMatches, world: &World, output: &mut Output<'_>) -> u8 {
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let path = text("file").unwrap_or_default();
    let keys = match keys(matches, world) {
        Ok(keys) => keys,
        Err(why) => return fail(output, &why),
    };
    if keys.is_empty() && matches.contains_id("signature") {
        return fail(
            output,
            "A signature is given and no key to check it.\n  Next: add --key or --keys-file.",
        );
    }
    let unread = |why: String| {
        format!(
            "The approvals file {} cannot be used: {why}.\n  Next: ask its author for it as it was written.",
            shown(&path)
        )
    };
    let bytes = match world.read_bytes(&path, LONGEST) {
        Ok(bytes) => bytes,
        Err(error) => return fail(output, &unread(error.to_string())),
    };
    let mut signer = None;
    if !keys.is_empty() {
        let beside = text("signature").unwrap_or_else(|| format!("{path}.sig"));
        match signed(&bytes, &beside, &keys, world) {
            Ok(key) => signer = Some(key),
            Err(why) => {
                fail(output, &why);
                return UNSIGNED;
            }
        }
    }
    let entries = match approvals_file::parse(&bytes, !keys.is_empty()) {
        Ok(entries) => entries,
        Err(why) => return fail(output, &unread(why)),
    };
    let given = entries.into_iter().map(|entry| Approval {
        digest: entry.digest,
        source: path.clone(),
        expires: entry.expires,
        approver: entry.approver,
        ticket: entry.ticket,
        key: signer.clone(),
    });
    let given: Vec<Approval> = given.collect();
    let wanted = matches.get_one::<Digest>("digest");
    let all: BTreeMap<String, String> =
        keys.iter().map(|key| (key.fingerprint().to_owned(), String::new())).collect();
    judge(&given, all, wanted, world, output)
}

fn judge(
    given: &[Approval],
    keys: BTreeMap<String, String>,
    wanted: Option<&Digest>,
    world: &World,
    output: &mut Output<'_>,
) -> u8 {
    let approvals = Approvals::new(given.to_vec(), keys);
    let is_wanted = |approval: &&Approval| wanted.is_none_or(|digest| approval.digest == *digest);
    let mut text = String::new();
    let mut code = DONE;
    for approval in given.iter().filter(is_wanted) {
        let is_over =
            !matches!(approvals.judge(&approval.digest, world.time()), Judged::Approved(_));
        if is_over {
            code = EXPIRED;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}{}", approval.digest, if is_over { " (over)" } else { "" });
        let expires = approval.expires.map(|end| end.to_string());
        for (name, value) in [
            ("expires", expires.as_ref()),
            ("approver", approval.approver.as_ref()),
            ("ticket", approval.ticket.as_ref()),
            ("signed with", approval.key.as_ref()),
        ] {
            let _ = value.map(|value| writeln!(text, "  {name}: {}", shown(value)));
        }
    }
    let printed = print(output, &text);
    if printed != DONE {
        return printed;
    }
    match wanted {
        Some(digest) if text.is_empty() => {
            say(output.err, &format!("error: It does not approve {digest}.\n"));
            NOT_APPROVED
        }
        _ if code == EXPIRED => {
            say(output.err, "error: What it approves is over.\n  Next: ask for a new approval.\n");
            EXPIRED
        }
        _ => code,
    }
}

/// The keys whose signatures count. What is wrong is never shown: it could be a private key.
fn keys(matches: &ArgMatches, world: &World) -> Result<Vec<Key>, String> {
    let mut keys = Vec::new();
    for line in matches.get_many::<String>("key").into_iter().flatten() {
        keys.push(Key::parse(line).map_err(|why| format!("A --key cannot be used: {why}."))?);
    }
    let Some(path) = matches.get_one::<String>("keys-file") else { return Ok(keys) };
    let refused = |why: String| format!("The file of keys {} cannot be used: {why}.", shown(path));
    let bytes = world.read_bytes(path, LONGEST).map_err(|error| refused(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| refused("it is no UTF-8".to_owned()))?;
    let lines = text.lines().enumerate();
    let before = keys.len();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
    {
        keys.push(Key::parse(line).map_err(|why| refused(format!("line {}: {why}", index + 1)))?);
    }
    if keys.len() == before {
        return Err(refused("there is no key in it".to_owned()));
    }
    Ok(keys)
}

fn signed(bytes: &[u8], path: &str, keys: &[Key], world: &World) -> Result<String, String> {
    let refused = |why: String| {
        format!(
            "The signature {} does not count: {why}.\n  Next: have the file signed as it is: ssh-keygen -Y sign -n appenv -f KEY \
             FILE.",
            shown(path)
        )
    };
    let signature = world.read_bytes(path, LONGEST).map_err(|error| refused(error.to_string()))?;
    let signature =
        String::from_utf8(signature).map_err(|_| refused("it is no text".to_owned()))?;
    signature::verify(bytes, &signature, keys).map_err(|error| refused(error.to_string()))
}
