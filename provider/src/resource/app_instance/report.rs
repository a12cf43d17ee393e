// SPDX-License-Identifier: MPL-2.0
//! What the user reads when something fails or stands in the way.

use std::collections::BTreeMap;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use super::claim::Refused;
use crate::facet::{FacetError, Fault, Refusal};
use crate::naming::Coordinate;
use crate::registry::Entry;
use crate::run::Clash;

/// `erp/sandbox`.
pub fn id(coordinate: &Coordinate) -> String {
    format!("{}/{}", coordinate.app(), coordinate.env())
}

/// A call that came before the configuration.
pub fn not_configured() -> Errors {
    Errors::one(
        "Provider not configured",
        "appenv was asked for a resource before it was configured. This is a bug of the CLI or of the provider; \
         please report it.",
    )
}

/// A failure of a facet.
pub fn failure(coordinate: &Coordinate, error: &FacetError) -> Errors {
    let mut detail = format!("{}\n\nWhy: {}\n\nNext: {}", error.attempted, error.cause, error.next);
    if let Some(attribute) = error.attribute.and_then(|path| path.strip_prefix("provider.")) {
        detail = format!("{detail}\n\nIn the provider block: `{attribute}`.");
    }
    if error.fault == Fault::Stopped {
        detail.push_str("\n\nNothing was half-written; the next apply goes on from here.");
    }
    let mut diagnostic =
        Diagnostic::error(format!("{}: {}", id(coordinate), error.summary), detail);
    if let Some(path) = error.attribute.filter(|path| !path.starts_with("provider.")) {
        let path = path.split('.').fold(Path::root(), Path::field);
        diagnostic = diagnostic.at(path);
    }
    diagnostic.into()
}

/// Reasons found by a look, as errors.
pub fn refusals(coordinate: &Coordinate, found: &[Refusal]) -> Errors {
    let mut errors = Errors::new();
    for refusal in found {
        let summary = format!("{}: {}", id(coordinate), refusal.summary);
        errors.push(Diagnostic::error(summary, refusal.detail.clone()));
    }
    errors
}

/// A create that is refused for what it found.
pub fn refused(coordinate: &Coordinate, owner: &str, refused: &Refused) -> Errors {
    let id = id(coordinate);
    let (app, env) = (coordinate.app(), coordinate.env());
    match refused {
        Refused::OtherOwner { owner: other } => Errors::at(
            Path::attribute("app"),
            format!("{id}: the app belongs to owner \"{other}\""),
            format!(
                "This configuration would manage {id} as owner \"{owner}\", but the registry says that app \
                 \"{app}\" is managed by \"{other}\". Nothing was changed.\n\nNext: if this is the same team, set `owner` in \
                 the provider block to \"{other}\"; to hand the app over, apply a changed `owner` from the \
                 state that holds it; otherwise choose another `app`."
            ),
        ),
        Refused::OtherState { since, theirs, ours } => Errors::one(
            format!("{id}: held by another state"),
            format!(
                "{id} is registered since {since} from the state at {theirs}; this state is at \
                 {ours}. Taking it over would let two states manage one database. Nothing was \
                 changed.\n\nNext: manage {id} from that state. To bring it here, remove it there with a \
                 `removed` block (`destroy = false`) or `state rm`, and import it here: terraform import \
                 ADDRESS {id}."
            ),
        ),
        Refused::Occupied { objects } => Errors::one(
            format!("{id}: objects are in the way"),
            format!(
                "Creating {id} was refused, because objects exist under its names and the registry has no \
                 entry for it:\n{}\nNothing was changed.\n\nNext: if they are what {id} should manage, import \
                 it (terraform import ADDRESS {id}); the first plan after that names every difference and \
                 takes them over; or set `adopt = \"verify\"`, which takes over what equals this configuration and \
                 lists the differences otherwise. If they are someone else's, choose another `app` or `env` than \
                 \"{app}\" and \"{env}\".",
                list(objects)
            ),
        ),
    }
}

/// Objects that a registered instance is to have now, and that stand there without being its own; nothing where there
/// are none.
pub fn not_its_own(coordinate: &Coordinate, objects: &[String]) -> Errors {
    if objects.is_empty() {
        return Errors::new();
    }
    let id = id(coordinate);
    Errors::one(
        format!("{id}: objects are in the way"),
        format!(
            "The configuration now asks for objects that {id} did not have, and something else made them already; the \
             registry does not note them as its own:\n{}\nNothing was changed.\n\nNext: remove them, or take back what \
             asks for them (`kubernetes` or `ci` in the provider's vault block, `ops_scope`). If they are what {id} \
             should manage, drop the entry with `state rm` and import it again (terraform import ADDRESS {id}); the first \
             plan after that names every difference and takes them over.",
            list(objects)
        ),
    )
}

/// An import that gives other names than those that are registered.
pub fn other_names(
    coordinate: &Coordinate,
    given: &BTreeMap<String, String>,
    registered: &BTreeMap<String, String>,
) -> Errors {
    let id = id(coordinate);
    let told = |names: &BTreeMap<String, String>| {
        let names: Vec<_> = names.iter().map(|(key, name)| format!("{key}={name}")).collect();
        if names.is_empty() { "none of its own".to_owned() } else { names.join("&") }
    };
    Errors::one(
        format!("{id}: registered under other names"),
        format!(
            "The id that was given to import names {}, and the registry knows {id} with {}. Nothing was \
             changed.\n\nNext: import `{id}` without names: the registry's come with it.",
            told(given),
            told(registered)
        ),
    )
}

/// What the plan of the first create on a server says.
pub fn founding(facet: &str) -> Diagnostic {
    let (server, place) = match facet {
        "host" => return super::directories::founding(),
        "aws" => ("AWS account", "parameters below `/appenv/` in Parameter Store of the region"),
        "postgres" => ("PostgreSQL server", "schema `appenv` in the maintenance database"),
        "vault" => ("Vault server", "documents below `appenv/` in the KV mount"),
        _ => ("server", "its own"),
    };
    Diagnostic::warning(
        format!("This {server} has no appenv registry yet"),
        format!(
            "The first create makes one: {place}, with a random id that tells this one from others. If there \
             should be one already, the provider block points to another server, account, region, database or mount than \
             before: do not apply."
        ),
    )
}

/// What the plan of a create says when it takes over a finished registration.
pub fn adopt_warning(coordinate: &Coordinate, entry: &Entry) -> Diagnostic {
    let id = id(coordinate);
    let from = match &entry.state_address {
        Some(address) => format!("the state at {address}"),
        None => "a state whose address was not readable".to_owned(),
    };
    Diagnostic::warning(
        format!("{id}: exists, held since {}: a `moved` block?", entry.written_at),
        format!(
            "The registry has {id} of this owner (generation {}), written from {from}. This plan does not create \
             it: it takes it over (operation adopt) and mends what differs; no data is touched. If the block \
             was renamed, add a `moved` block instead; if another state still has it, remove it there first, \
             since the entry that loses it refuses every further change.",
            entry.generation
        ),
    )
}

/// A changed `app` or `env` that names an instance which is there.
pub fn exists(coordinate: &Coordinate, entry: &Entry) -> Errors {
    let id = id(coordinate);
    Errors::one(
        format!("{id}: exists, held since {}", entry.written_at),
        format!(
            "The changed `app` or `env` would delete the instance that this address has and take over {id} \
             (generation {}), which another state entry holds. Nothing was changed.\n\nNext: to let this address \
             manage {id}, move the old entry away (`removed` with `destroy = false`, or a `moved` block) and import \
             {id}: terraform import ADDRESS {id}. To manage both, add a block.",
            entry.generation
        ),
    )
}

/// Two wishes of one run that cannot both be.
pub fn clash(coordinate: &Coordinate, clash: Clash) -> Errors {
    let id = id(coordinate);
    match clash {
        Clash::TwoBlocks => Errors::one(
            format!("{id}: two blocks of one coordinate"),
            format!(
                "More than one appenv_app_instance in this configuration has the coordinate {id}; both would \
                 manage the same database and policies. Nothing was changed.\n\nNext: remove one of them, or \
                 give it another `app` or `env`. If a block was renamed, add a `moved` block and keep one."
            ),
        ),
        Clash::CreateAndDelete => Errors::one(
            format!("{id}: one block is created, another deleted"),
            format!(
                "This plan would create {id} at one address and delete it at another: its data would be lost. \
                 Nothing was changed.\n\nNext: if the block was renamed or went into a module, add a `moved` \
                 block:\n\n  moved {{\n    from = appenv_app_instance.OLD\n    to   = \
                 appenv_app_instance.NEW\n  }}\n\nTo really start anew, delete it in one apply and create it \
                 in the next."
            ),
        ),
    }
}

/// A change of an entry that another one has taken over.
pub fn held_twice(coordinate: &Coordinate, who: &str) -> Errors {
    let id = id(coordinate);
    Errors::one(
        format!("{id}: held twice"),
        format!(
            "This state entry no longer holds {id}: {who}. A change from here would fight with that one, so \
             it is refused. Nothing was changed.\n\nNext: remove this entry: delete the block and apply, or \
             `destroy -refresh=false`, or `state rm`; only the entry goes, nothing outside the state. To bring {id} back here, remove it there first \
             and import it: terraform import ADDRESS {id}."
        ),
    )
}

/// A change of an entry whose target is another one.
pub fn elsewhere(coordinate: &Coordinate, what: &str) -> Errors {
    let id = id(coordinate);
    Errors::one(
        format!("{id}: its objects are elsewhere"),
        format!(
            "{what} Changing or deleting {id} from here is refused. Nothing was changed.\n\nNext: point the \
             provider block at the server that has it, and plan with a refresh. If that server is gone for good, drop the entry with \
             `state rm` and apply again."
        ),
    )
}

/// A deletion that protection forbids.
pub fn protected(coordinate: &Coordinate) -> Errors {
    let id = id(coordinate);
    Errors::at(
        Path::attribute("deletion_protection"),
        format!("{id}: protected from deletion"),
        format!(
            "Deleting {id} would remove what it has outside the state; `deletion_protection` is true. Nothing was \
             changed.\n\nNext: to end it, apply `deletion_protection = false` first, then delete it in a second \
             apply. To forget it and keep everything, use a `removed` block with `destroy = false`. If a taint \
             or a failed provisioner asks for it, run `untaint`."
        ),
    )
}

/// A configuration that no longer has a block in which the instance has objects.
pub fn facet_gone(coordinate: &Coordinate, facet: &str) -> Errors {
    let id = id(coordinate);
    Errors::one(
        format!("{id}: the `{facet}` block is gone from the provider configuration"),
        format!(
            "{id} has objects in {facet}, but the provider configuration has no `{facet}` block any more, so \
             they could neither be read nor removed. Nothing was changed.\n\nNext: put the block back. To give \
             the objects up, delete the instance with the block in place, or drop the entry with `state rm`."
        ),
    )
}

/// A registration that changed between plan and apply.
pub fn moved_on(coordinate: &Coordinate, now: Option<&Entry>) -> Errors {
    let id = id(coordinate);
    let now = match now {
        Some(entry) => format!(
            "it is now {:?} at generation {}, written {}",
            entry.phase, entry.generation, entry.written_at
        ),
        None => "it is no longer registered".to_owned(),
    };
    Errors::one(
        format!("{id}: changed since the plan"),
        format!(
            "The registration of {id} is not the one that the plan saw: {now}. Nothing was changed.\n\nNext: \
             plan again and look at what it says."
        ),
    )
}

/// One line each.
pub fn list(objects: &[String]) -> String {
    objects.iter().fold(String::new(), |text, object| format!("{text}  - {object}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facet::FACETS;

    #[test]
    fn the_founding_of_each_registry_is_told_in_words_of_its_own() {
        for facet in FACETS {
            let told = founding(facet).summary;
            assert_ne!(told, founding("").summary, "{facet} has no words in `founding`");
        }
    }
}
