// SPDX-License-Identifier: MPL-2.0
//! Refusals of our own: nothing failed, but going on would harm somebody.

use super::registered::Row;
use super::settings::Settings;
use super::trouble::attempted;
use crate::facet::{FacetError, Fault, Refusal};
use crate::plan::postgres::{PostgresWish, escaped, quoted};
use crate::registry::Entry;

/// Names listed in one text; the others are counted.
const LISTED: usize = 10;

pub(super) fn told(
    settings: &Settings,
    fault: Fault,
    summary: String,
    cause: String,
    next: &str,
) -> FacetError {
    FacetError {
        fault,
        summary,
        attempted: attempted(settings),
        cause,
        next: next.to_owned(),
        attribute: None,
    }
}

/// The user pressed the key.
pub(super) fn stopped(settings: &Settings, wish: &PostgresWish) -> FacetError {
    told(
        settings,
        Fault::Stopped,
        format!("Stopped before database {} was as wished", quoted(&wish.database)),
        "the run was interrupted".to_owned(),
        "The next apply continues where this one stopped.",
    )
}

/// Another process has had the lock for longer than we wait.
pub(super) fn lock_is_held(settings: &Settings, holder: Option<(i32, String)>) -> FacetError {
    let cause = match holder {
        Some((pid, name)) => {
            format!("server process {pid} ({}) holds the lock of all appenv writes", escaped(&name))
        }
        None => "another session holds the lock of all appenv writes".to_owned(),
    };
    told(
        settings,
        Fault::Occupied,
        "Another apply is changing this PostgreSQL server".to_owned(),
        cause,
        "Apply again when it is over. If its process is dead, end the session with pg_terminate_backend.",
    )
}

/// The registry is another one than was seen.
pub(super) fn elsewhere(settings: &Settings, expected: &str, found: Option<&str>) -> FacetError {
    let found = match found {
        Some(id) => format!("the registry here is {}", escaped(id)),
        None => "there is no registry here".to_owned(),
    };
    told(
        settings,
        Fault::Conflict,
        "This is not the PostgreSQL server the plan was made for".to_owned(),
        format!("expected registry {}, but {found}", escaped(expected)),
        "Point provider.postgres at the right server and plan again; if the old one is gone for good, drop the \
         instance from the state with `state rm`.",
    )
}

/// The entry changed since it was seen.
pub(super) fn changed(
    settings: &Settings,
    instance: &str,
    expected: Option<&Entry>,
    found: Option<&Entry>,
) -> FacetError {
    told(
        settings,
        Fault::Conflict,
        format!("Instance {} was changed by someone else meanwhile", quoted(instance)),
        format!("the plan saw {}; the registry now says {}", entry(expected), entry(found)),
        "Plan again. Nothing was written.",
    )
}

fn entry(entry: Option<&Entry>) -> String {
    let Some(entry) = entry else { return "no entry".to_owned() };
    let phase = match entry.phase {
        crate::registry::Phase::Pending => "pending",
        crate::registry::Phase::Live => "live",
        crate::registry::Phase::Deleting => "being deleted",
        crate::registry::Phase::Gone => "deleted",
    };
    let state = entry.state_address.as_deref().map(|a| format!(", state {}", escaped(a)));
    format!(
        "an entry of owner {}, {phase}, generation {}{}",
        quoted(&entry.owner),
        entry.generation,
        state.unwrap_or_default()
    )
}

/// Another instance of the app is registered under another owner.
pub(super) fn other_owner(settings: &Settings, app: &str, owner: &str) -> FacetError {
    told(
        settings,
        Fault::Conflict,
        format!("App {} belongs to another owner on this server", quoted(app)),
        format!("its instances are registered by owner {}", quoted(owner)),
        "Use that owner, or let its states apply the change of owner first.",
    )
}

/// Another instance is registered with one of our names.
pub(super) fn name_is_taken(
    settings: &Settings,
    summary: String,
    cause: String,
    next: &str,
) -> FacetError {
    told(settings, Fault::Occupied, summary, cause, next)
}

/// The instance is registered under other names than those that are asked for: a changed rule, or a damaged state.
pub(super) fn other_names(settings: &Settings, instance: &str, row: &Row) -> FacetError {
    told(
        settings,
        Fault::Conflict,
        format!("{} is registered under other names", quoted(instance)),
        format!(
            "the registry has database {} and role {} for it",
            quoted(&row.database),
            quoted(&row.owner_role)
        ),
        "Apply once, which renames it, or put back the rule that gave those names. Nothing was changed.",
    )
}

/// A renaming onto a name that something has.
pub(super) fn rename_onto(settings: &Settings, what: &str) -> FacetError {
    told(
        settings,
        Fault::Occupied,
        format!("{what} exists already"),
        "the instance would be renamed to that name, and it is not the instance's".to_owned(),
        "Choose another name in the `names` block, or remove what stands there. Nothing was renamed.",
    )
}

/// A renaming of a role that other instances have too.
pub(super) fn rename_shared(settings: &Settings, role: &str, keep: &str) -> FacetError {
    told(
        settings,
        Fault::Occupied,
        format!("Role {} is other instances' too", quoted(role)),
        "a renaming makes no role of several, nor several of one: what it owns cannot be told apart by instance"
            .to_owned(),
        &format!(
            "Keep the role {0} as it is: names {{ owner_role = {0} }}. Nothing was renamed.",
            quoted(keep)
        ),
    )
}

/// A kept database whose time is over takes connections again.
pub(super) fn kept_is_open(settings: &Settings, name: &str) -> FacetError {
    let name = quoted(name);
    told(
        settings,
        Fault::Occupied,
        format!("The kept database {name} is open again"),
        "its time is over, but somebody has allowed connections to it since it was kept".to_owned(),
        &format!(
            "To have it dropped: ALTER DATABASE {name} ALLOW_CONNECTIONS false, then apply again. To keep it for \
             yourself: COMMENT ON DATABASE {name} IS NULL, by which the next apply forgets it."
        ),
    )
}

/// Leased logins that own objects and could not be settled before the role has another name.
pub(super) fn unsettled(settings: &Settings, database: &str, logins: &[String]) -> FacetError {
    told(
        settings,
        Fault::Occupied,
        format!("Leased logins of database {} ended and still own something", quoted(database)),
        format!("{} own objects in other databases too", logins.join(", ")),
        "Hand over what they own there (REASSIGN OWNED), then apply again. Nothing was renamed.",
    )
}

/// The schema of the registry is there, but empty and not ours to fill.
pub(super) fn foreign_schema(settings: &Settings, owner: &str) -> FacetError {
    told(
        settings,
        Fault::Occupied,
        "Schema \"appenv\" exists and belongs to another login".to_owned(),
        format!("it is owned by {} and holds no registry of ours", quoted(owner)),
        "Drop or rename it, or apply once as its owner.",
    )
}

/// The schema of the registry, or a table in it, belongs to somebody who cannot have founded it.
pub(super) fn forged_registry(settings: &Settings, owner: &str) -> FacetError {
    told(
        settings,
        Fault::Occupied,
        "Schema \"appenv\" is not a registry of the provider".to_owned(),
        format!(
            "it, or a table in it, is owned by {}, who is neither this login, a superuser nor the owner of the database, \
             and may not create roles and databases, as whoever founds a registry must. It was not read",
            quoted(owner)
        ),
        "Find out who made it, and drop or rename it. Where it is the registry, and that login founded it and has lost \
         its rights since, give schema and tables to the login that applies: ALTER SCHEMA appenv OWNER TO …; ALTER TABLE \
         appenv.registry OWNER TO …; ALTER TABLE appenv.instances OWNER TO …",
    )
}

/// An extension that only a superuser may create would be created where somebody else may plant objects.
pub(super) fn open_schema(
    settings: &Settings,
    database: &str,
    extension: &str,
    required: Option<&str>,
    schema: &str,
) -> FacetError {
    let next = match required {
        Some(required) => format!(
            "As a superuser, in that database, move {0} into a schema that is closed (ALTER EXTENSION {0} SET SCHEMA …), \
             or create {1} by hand. Or take it out of database.extensions.",
            quoted(required),
            quoted(extension)
        ),
        None => format!(
            "Rename or drop schema {}, and apply again, or create {} by hand in a schema that is closed. Or take it out \
             of database.extensions.",
            quoted(schema),
            quoted(extension)
        ),
    };
    let lies =
        required.map(|required| format!(", which has {} that it requires,", quoted(required)));
    FacetError {
        attribute: Some("database.extensions"),
        ..told(
            settings,
            Fault::Occupied,
            format!(
                "Could not create extension {} in database {}",
                quoted(extension),
                quoted(database)
            ),
            format!(
                "only a superuser may create it, and schema {}{} is open: its owner, whoever may create in it or who owns \
                 an object in it is no superuser, and what he planted there would run with a superuser's rights",
                quoted(schema),
                lies.unwrap_or_default()
            ),
            &next,
        )
    }
}

/// A registry from the future.
pub(super) fn newer_registry(settings: &Settings, version: i32) -> FacetError {
    told(
        settings,
        Fault::Rejected,
        "The registry on this server was written by a newer provider".to_owned(),
        format!("its version is {version}, this provider knows version 1"),
        "Upgrade the provider.",
    )
}

/// Nothing to keep a floor in.
pub(super) fn no_registry(settings: &Settings) -> FacetError {
    told(
        settings,
        Fault::Missing,
        "There is no registry of instances on this PostgreSQL server".to_owned(),
        format!("database {} has no schema appenv with one", quoted(&settings.database)),
        "Check host and database; the first apply of an instance founds it.",
    )
}

/// A registry of an earlier release, which this login may not alter.
pub(super) fn not_upgraded(settings: &Settings, owner: &str, cause: String) -> FacetError {
    told(
        settings,
        Fault::Forbidden,
        "The registry was founded by an earlier release and lacks what this one keeps there"
            .to_owned(),
        cause,
        &format!(
            "Nothing was written. Apply once with the login that owns its tables, {}; then any login may write that \
             could before.",
            quoted(owner)
        ),
    )
}

/// A floor that holds what this release does not know.
pub(super) fn unreadable_floor(settings: &Settings, why: &str) -> FacetError {
    told(
        settings,
        Fault::Rejected,
        "The floor in the registry cannot be read".to_owned(),
        escaped(why),
        "If a later release wrote it, use that; else put it right with `terraform-provider-appenv floor set`.",
    )
}

/// The owner role is a superuser.
pub(super) fn superuser_role(settings: &Settings, role: &str) -> FacetError {
    told(
        settings,
        Fault::Occupied,
        format!("Role {} is a superuser", quoted(role)),
        "the provider never changes superuser roles".to_owned(),
        "Run ALTER ROLE … NOSUPERUSER on it, or choose another `app` or `env` for this instance.",
    )
}

/// A role that nobody registered and that the provider would never change.
pub(super) fn superuser_owner(role: &str) -> Refusal {
    Refusal {
        summary: format!("role {} is a superuser", quoted(role)),
        detail: "It would be the owner role, and the provider never changes superuser roles. Nothing was changed.\n\nNext: \
                 run ALTER ROLE … NOSUPERUSER on it, or give the instance another one in the block `names`, and plan again."
            .to_owned(),
    }
}

/// What a database that nobody registered keeps from its creation.
pub(super) fn fixed_at_creation(database: &str, differences: &[String]) -> Refusal {
    Refusal {
        summary: format!("database {} cannot become as wished", quoted(database)),
        detail: format!(
            "PostgreSQL settles this when a database is created, and it stands otherwise: {}. Nothing was changed.\n\nNext: \
             write the configuration so that it says what is there, and plan again; or dump the database (pg_dump), \
             remove it, let the provider make it and restore the dump.",
            differences.join("; ")
        ),
    }
}

/// Vault works under a login this server does not know.
pub(super) fn vault_login_missing(settings: &Settings, login: &str) -> FacetError {
    FacetError {
        attribute: Some("provider.vault.database_login"),
        ..told(
            settings,
            Fault::Missing,
            format!("Vault's login {} does not exist on this server", quoted(login)),
            "it has to become a member of the owner role".to_owned(),
            "Create it, or name the right one as database_login of the vault block.",
        )
    }
}

/// The database is there, but neither registered by us nor owned by our role.
pub(super) fn foreign_database(settings: &Settings, database: &str, owner: &str) -> FacetError {
    told(
        settings,
        Fault::Occupied,
        format!("Database {} is not this instance's", quoted(database)),
        format!("it is owned by {} and not registered", quoted(owner)),
        "Nothing was dropped. Import the instance that has it, or drop the database by hand.",
    )
}

/// Somebody would be cut off.
pub(super) fn in_use(settings: &Settings, database: &str, by: &[String]) -> FacetError {
    told(
        settings,
        Fault::Occupied,
        format!("Database {} is in use", quoted(database)),
        list(by),
        "Nothing was dropped. End the sessions and revoke the leases, or set force_disconnect = true.",
    )
}

/// What hangs on a role that is to be dropped.
pub(super) fn role_has_dependents(settings: &Settings, role: &str, what: &[String]) -> FacetError {
    told(
        settings,
        Fault::Occupied,
        format!("Role {} cannot be dropped yet", quoted(role)),
        format!("still depending on it: {}", list(what)),
        "They lie outside the instance's database and are not ours to remove: REASSIGN OWNED or REVOKE them \
         there. The next apply drops the role.",
    )
}

/// Converged, and still not as wished.
pub(super) fn still_differs(settings: &Settings, what: &[String]) -> FacetError {
    told(
        settings,
        Fault::Rejected,
        "The PostgreSQL objects are not all as wished after they were mended".to_owned(),
        what.join(", "),
        "What is fixed at creation needs a dump and restore; anything else is changed by someone else at the \
         same time, or granted by a role this login may not act for.",
    )
}

fn list(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    let more = names.len().saturating_sub(LISTED);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", shown.join(", "))
}
