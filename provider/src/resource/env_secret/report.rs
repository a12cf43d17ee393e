// SPDX-License-Identifier: MPL-2.0
//! What the user reads when something fails or stands in the way.

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::Path;

use crate::facet::{FacetError, Fault};
use crate::run::Clash;
use crate::store::Record;

/// A call that came before the configuration.
pub fn not_configured() -> Errors {
    Errors::one(
        "Provider not configured",
        "appenv was asked for a resource before it was configured. This is a bug of the CLI or of the provider; \
         please report it.",
    )
}

/// A failure of a store or of a registry.
pub fn failure(id: &str, error: &FacetError) -> Errors {
    let mut detail = format!("{}\n\nWhy: {}\n\nNext: {}", error.attempted, error.cause, error.next);
    if let Some(attribute) = error.attribute.and_then(|path| path.strip_prefix("provider.")) {
        detail = format!("{detail}\n\nIn the provider block: `{attribute}`.");
    }
    if error.fault == Fault::Stopped {
        detail.push_str("\n\nNothing was half-written; the next apply goes on from here.");
    }
    let mut diagnostic = Diagnostic::error(format!("{id}: {}", error.summary), detail);
    if let Some(path) = error.attribute.filter(|path| !path.starts_with("provider.")) {
        diagnostic = diagnostic.at(path.split('.').fold(Path::root(), Path::field));
    }
    diagnostic.into()
}

/// An input that must be known at plan.
pub fn not_known(name: &str) -> Errors {
    Errors::at(
        Path::attribute(name),
        format!("`{name}` is not known yet"),
        format!(
            "Where a secret is must be known when it is planned, but `{name}` comes from something that is only known after \
             apply. Write it as a literal or a variable, or apply what it comes from first (`-target`)."
        ),
    )
}

/// A store whose address is known only after apply.
pub fn not_reachable_yet(id: &str) -> Errors {
    Errors::one(
        format!("{id}: its store is not known yet"),
        "The address or the credentials of the store come from a resource that was not applied yet. Nothing was \
         changed.\n\nNext: apply that resource first (`-target`), then apply again.",
    )
}

/// A change of an entry that another one has taken over.
pub fn held_twice(id: &str, who: &str) -> Errors {
    Errors::one(
        format!("{id}: held twice"),
        format!(
            "This state entry no longer holds the secret: {who}. A change from here would fight with that one, so it is \
             refused. Nothing was changed.\n\nNext: remove this entry: delete the block and apply, or `state rm`; only the \
             entry goes, nothing outside the state. To bring the secret back here, remove it there first and import it: \
             terraform import ADDRESS {id}."
        ),
    )
}

/// Whose a record is.
pub fn whose(record: &Record) -> String {
    let from = match &record.state_address {
        Some(address) => format!("the state at {address}"),
        None => "a state whose address was not readable".to_owned(),
    };
    format!("{from} holds it, with version {} of {}", record.version, record.time)
}

/// A change of an entry whose target is another one.
pub fn elsewhere(id: &str, what: &str) -> Errors {
    Errors::one(
        format!("{id}: it is elsewhere"),
        format!(
            "{what} Changing or deleting the secret from here is refused. Nothing was changed.\n\nNext: point the provider \
             block at the target that has it, and plan with a refresh. If that is gone for good, drop the entry with \
             `state rm` and apply again."
        ),
    )
}

/// Two wishes of one run that cannot both be.
pub fn clash(id: &str, clash: Clash) -> Errors {
    if clash == Clash::CreateAndDelete {
        return Errors::one(
            format!("{id}: one block is created, another deleted"),
            "This plan would create the secret at one address and delete it at another: its value would be lost. Nothing was \
             changed.\n\nNext: if the block was renamed or went into a module, add a `moved` block:\n\n  moved {\n    from \
             = appenv_env_secret.OLD\n    to   = appenv_env_secret.NEW\n  }\n\nTo really start anew, delete it in one apply \
             and create it in the next.",
        );
    }
    Errors::one(
        format!("{id}: two blocks of one secret"),
        "More than one appenv_env_secret in this configuration has this app, env and key; both would write it. Nothing was \
         changed.\n\nNext: remove one of them, or give it another `key`. If a block was renamed, add a `moved` block and \
         keep one.",
    )
}

/// Two secrets that would be one parameter.
pub fn one_parameter(id: &str, path: &str) -> Errors {
    Errors::at(
        Path::attribute("parameter_name"),
        format!("{id}: two secrets of one parameter"),
        format!(
            "Another appenv_env_secret in this configuration is written to {path} too; a parameter holds one value. Nothing \
             was changed.\n\nNext: give one of them another `parameter_name`."
        ),
    )
}

/// A create over a record of another state.
pub fn other_state(id: &str, record: &Record, ours: &str) -> Errors {
    Errors::one(
        format!("{id}: held by another state"),
        format!(
            "The secret is there: {}; this state is at {ours}. Taking it over would let two states write one value. Nothing \
             was changed.\n\nNext: manage it from that state. To bring it here, remove it there with a `removed` block \
             (`destroy = false`) or `state rm`, and import it here: terraform import ADDRESS {id}.",
            whose(record)
        ),
    )
}

/// What the plan of a create says when it takes over a record.
pub fn adopt_warning(id: &str, record: &Record, keeps: bool) -> Diagnostic {
    Diagnostic::warning(
        format!("{id}: exists, written {}: a `moved` block?", record.time),
        format!(
            "The store has this secret of this owner: {}. This plan takes it over (operation adopt){}. If the block was \
             renamed, add a `moved` block instead; if another state still has it, remove it there first, since the entry \
             that loses it refuses every further change.",
            whose(record),
            if keeps { " and keeps its value" } else { " and writes the value that is given" }
        ),
    )
}

/// The change that a refusal names, with its digest.
fn change(told: &Diagnostic) -> &str {
    told.summary.split_once(": ").map_or(told.summary.as_str(), |(change, _)| change)
}

/// A rotation that the clock asks for and nobody allowed. `told`: how it is approved.
pub fn rotation_waits(rotates_at: &str, told: &Diagnostic) -> Diagnostic {
    Diagnostic::warning(
        format!("{}: waits for leave, rotation is due and not allowed", change(told)),
        format!(
            "Another value was due at {rotates_at}. The environment is a production one whose `allow` does not list \
             `rotate`, so this plan changes nothing.\n\nNext: add \"rotate\" to `allow` of its `environment` block, or \
             approve this one rotation, and apply.\n\n{}",
            told.detail
        ),
    )
}

/// The same, after the longest wait.
pub fn rotation_overdue(rotates_at: &str, told: &Diagnostic) -> Errors {
    Errors::one(
        format!("{}: not approved, and rotation is overdue", change(told)),
        format!(
            "Another value was due at {rotates_at}, and the time of grace is over too. The environment is a production one \
             whose `allow` does not list `rotate`. Nothing was changed.\n\nNext: add \"rotate\" to `allow` of its \
             `environment` block, or approve this one rotation, and apply; or lengthen `rotation.every`.\n\n{}",
            told.detail
        ),
    )
}

/// What the clock asks for, approved until a short while ago.
pub fn approval_over(told: &Diagnostic) -> Errors {
    Errors::one(
        format!("{}: not approved any more", change(told)),
        format!(
            "It is due, and its approval is over since less than a day. A plan that was made before is not applied. Nothing \
             was changed.\n\nNext: approve it anew; or remove the approval that is over and plan again, then it \
             waits.\n\n{}",
            told.detail
        ),
    )
}

/// An end of grace that nobody allowed. `told`: how it is approved.
pub fn grace_waits(told: &Diagnostic) -> Diagnostic {
    Diagnostic::warning(
        format!("{}: waits for leave, the value before is still readable", change(told)),
        format!(
            "Its time is over. The environment is a production one whose `allow` does not list `rotate`, so it \
             stays.\n\nNext: add \"rotate\" to `allow` of its `environment` block, or approve this one removal, and \
             apply.\n\n{}",
            told.detail
        ),
    )
}

/// A version that goes down.
pub fn goes_down(was: i64, now: i64) -> Errors {
    Errors::at(
        Path::attribute("value_wo_version"),
        format!("`value_wo_version` goes down from {was} to {now}"),
        format!(
            "Each version stands for one value, so an older one cannot come again. Nothing was changed.\n\nNext: set it to {} \
             or more to write the value of `value_wo`, or back to {was} to write nothing.",
            was + 1
        ),
    )
}
