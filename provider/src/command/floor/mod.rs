// SPDX-License-Identifier: MPL-2.0
//! `floor show` and `floor set`: what production configurations may not loosen in a registry, by the credentials of the
//! registry itself.

mod file;
mod place;
mod signature;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command};
use serde_json::json;

use self::file::FloorFile;
use self::place::Place;
use super::{DONE, FAILED, Output, print, say};
use crate::registry::Floor;
use crate::world::World;

/// How long it may take: another run may hold the lock.
const LIMIT: Duration = Duration::from_secs(120);

const EXIT_CODES: &str =
    "Exit code: 0 done, 1 refused or failed (standard error says why), 2 wrong usage.";

/// Its definition, from which parser and help are made.
pub fn command() -> Command {
    Command::new("floor")
        .about("Show or replace what production configurations may not loosen")
        .long_about(
            "Show or replace the floor: what production applies have made the least protection of an owner's \
             environments in one registry. An apply only raises it; this command alone lowers it, with the credentials \
             of the registry.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            at(Command::new("show").about("Print the floors of a registry"))
                .arg(owner().help("Of this owner alone"))
                .arg(
                    Arg::new("json")
                        .long("json")
                        .action(ArgAction::SetTrue)
                        .help("Print JSON; of one owner in the form that `set` reads"),
                )
                .after_help(format!(
                    "Examples:\n  terraform-provider-appenv floor show --postgres\n  terraform-provider-appenv floor \
                     show --vault --owner arcodange/erp --json > floor.json\n\n{EXIT_CODES} An owner without a floor is \
                     exit code 1."
                )),
        )
        .subcommand(
            at(Command::new("set").about("Replace the floor of an owner"))
                .arg(owner().required(true).help("Whose floor; the file must name the same"))
                .arg(
                    Arg::new("file")
                        .value_name("FILE.json")
                        .required(true)
                        .help("The floor: {\"version\": 1, \"owner\": …, \"floor\": {…}}"),
                )
                .arg(
                    Arg::new("signature")
                        .long("signature")
                        .value_name("FILE.sig")
                        .help("Its signature (ssh-keygen -Y sign -n appenv), where the present floor has keys"),
                )
                .after_help(format!(
                    "Example:\n  terraform-provider-appenv floor set --postgres --owner arcodange/erp floor.json \
                     --signature floor.json.sig\n\n{EXIT_CODES}"
                )),
        )
}

fn owner() -> Arg {
    Arg::new("owner").long("owner").value_name("OWNER")
}

/// Where the registry is.
fn at(command: Command) -> Command {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    command
        .arg(flag("postgres", "The registry in PostgreSQL, by the variables PG*"))
        .arg(
            text("url", "URL", "The same by a URL; its password may come from PGPASSWORD")
                .conflicts_with_all(["vault", "host", "aws"]),
        )
        .arg(flag("vault", "The registry in Vault or OpenBao, by the variables VAULT_* or BAO_*"))
        .arg(
            text("kv-mount", "MOUNT", "Mount of its KV v2 engine [default: kvv2]")
                .conflicts_with_all(["postgres", "host", "aws"]),
        )
        .arg(text("host", "ROOT", "The registry on this machine, in this directory"))
        .arg(text(
            "aws",
            "REGION",
            "The registry in AWS Parameter Store, by AWS's own variables and files",
        ))
        .group(ArgGroup::new("where").args(["postgres", "vault", "host", "aws"]).required(true))
}

/// Does what is asked for.
pub fn run(matches: &ArgMatches, world: &World, output: &mut Output<'_>) -> u8 {
    let told = match matches.subcommand() {
        Some(("show", matches)) => open(matches, world, |place| show(matches, place)),
        Some(("set", matches)) => open(matches, world, |place| set(matches, world, place)),
        // None that is not defined above comes through.
        _ => return super::USAGE,
    };
    match told {
        Ok(text) if text.is_empty() => DONE,
        Ok(text) => print(output, &text),
        Err(why) => {
            say(output.err, &why);
            FAILED
        }
    }
}

/// Opens the registry, and closes it after the work.
fn open<F: Future<Output = Result<String, String>>>(
    matches: &ArgMatches,
    world: &World,
    work: impl FnOnce(std::sync::Arc<Place>) -> F,
) -> Result<String, String> {
    let place = std::sync::Arc::new(Place::of(matches, world)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("error: No work can be started: {error}\n"))?;
    runtime.block_on(async {
        let done = tokio::time::timeout(LIMIT, work(place.clone())).await.unwrap_or_else(|_| {
            Err(format!(
                "error: Not finished in {} s\n  {} answers slowly or not at all, or another run holds its lock.\n  \
                 Next: run it again when no apply is under way, and see with `floor show` what stands there.\n",
                LIMIT.as_secs(),
                place.server()
            ))
        });
        place.close().await;
        done
    })
}

async fn show(matches: &ArgMatches, place: std::sync::Arc<Place>) -> Result<String, String> {
    let floors = place.floors().await?;
    let json = matches.get_flag("json");
    if let Some(owner) = matches.get_one::<String>("owner") {
        let Some(floor) = floors.get(owner) else {
            return Err(format!(
                "error: Owner {owner:?} has no floor here\n  {} keeps none of that owner: no production apply of it came \
                 to an end there.\n  Next: see all of them without --owner.\n",
                place.server()
            ));
        };
        return if json {
            Ok(pretty(&FloorFile::of(owner, floor)))
        } else {
            Ok(told(owner, floor))
        };
    }
    if json {
        let all: Vec<_> = floors.iter().map(|(owner, floor)| FloorFile::of(owner, floor)).collect();
        return Ok(pretty(&all));
    }
    if floors.is_empty() {
        return Ok(format!("no floor: {} keeps none\n", place.server()));
    }
    Ok(floors.iter().map(|(owner, floor)| told(owner, floor)).collect())
}

fn pretty(value: &impl serde::Serialize) -> String {
    format!("{:#}\n", json!(value))
}

/// A floor for people.
fn told(owner: &str, floor: &Floor) -> String {
    let mut text = format!("owner {owner}\n");
    let mut line = |line: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {line}");
    };
    for (env, guarded) in &floor.envs {
        let kind = if guarded.production { "production" } else { "not production" };
        let allow: Vec<_> = guarded.allow.iter().map(String::as_str).collect();
        let allow = if allow.is_empty() { "nothing".to_owned() } else { allow.join(", ") };
        let mut told = format!("env {env}: {kind}, gate {}, allows {allow}", guarded.mode);
        if let Some(from) = &guarded.promote_from {
            let _ = write!(told, ", promoted from {from}");
        }
        if let Some(soak) = guarded.soak {
            let _ = write!(told, " after {soak}s");
        }
        line(told);
    }
    if let Some(elided) = &floor.elided {
        line(format!("left out of names: {elided}"));
    }
    for key in &floor.keys {
        line(format!("key {key}"));
    }
    text
}

async fn set(
    matches: &ArgMatches,
    world: &World,
    place: std::sync::Arc<Place>,
) -> Result<String, String> {
    let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let (owner, path) = (text("owner"), text("file"));
    let content = read(world, &path)?;
    let next = FloorFile::read(&content, &owner).map_err(|why| {
        format!(
            "error: {path:?} is no floor of owner {owner:?}\n  {why}.\n  Nothing was written. Next: begin with what `floor \
             show --owner {owner} --json` prints.\n"
        )
    })?;
    let found = place.floors().await?.remove(&owner);
    let keys = found.as_ref().map(|floor| floor.keys.clone()).unwrap_or_default();
    if !keys.is_empty() {
        let Some(signature) = matches.get_one::<String>("signature") else {
            let keys: Vec<_> = keys.into_iter().collect();
            return Err(format!(
                "error: The floor of owner {owner:?} takes a signature\n  The present one has keys, and the file comes \
                 without a signature of one of them: {}.\n  Nothing was written. Next: ssh-keygen -Y sign -n appenv -f \
                 KEY {path}, then run it again with --signature {path}.sig.\n",
                keys.join(", ")
            ));
        };
        signature::check(content.as_bytes(), &read(world, signature)?, &keys).map_err(|why| {
            format!(
                "error: The signature {signature:?} does not count\n  {why}.\n  Nothing was written. Next: sign the very \
                 file with one of the keys that `floor show` lists.\n"
            )
        })?;
    }
    if found.as_ref() == Some(&next) {
        return Ok(format!("The floor of owner {owner} is as it was.\n"));
    }
    let moved = AtomicBool::new(false);
    // What was signed and compared is the floor that was found, and no later one.
    let change = |now: Option<&Floor>| {
        moved.store(now != found.as_ref() && now != Some(&next), Ordering::Relaxed);
        (now == found.as_ref()).then(|| next.clone())
    };
    place.write_floor(&owner, &change).await?;
    if moved.into_inner() {
        return Err(format!(
            "error: The floor of owner {owner:?} changed meanwhile\n  Another run wrote it on {} since it was read.\n  \
             Next: see with `floor show` what stands there, and run it again.\n",
            place.server()
        ));
    }
    Ok(format!("The floor of owner {owner} was replaced.\n"))
}

fn read(world: &World, path: &str) -> Result<String, String> {
    world.read_file(path).map_err(|error| {
        format!("error: {path:?} cannot be read\n  {error}.\n  Nothing was written. Next: give the path of a file.\n")
    })
}
