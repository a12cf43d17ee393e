// SPDX-License-Identifier: MPL-2.0
//! Every registered instance over all registries: what each of them lists, merged and judged. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::registry::{Entry, Listing, Overdue, Phase, Registration, Stray};

/// How an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Whole, as far as the registries can tell.
    Registered,
    /// An apply, a deletion or a renaming of it was cut off.
    Pending,
    /// Registered without its objects, or objects with our marker and no registration.
    Orphaned,
    /// Deleted: only tombstones are left.
    Gone,
}

/// One instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The app.
    pub app: String,
    /// The env.
    pub env: String,
    /// Who manages the app.
    pub owner: String,
    /// Whether its env was a production one at its last apply; `None` where nothing is registered.
    pub production: Option<bool>,
    /// The backend address of the state that holds it, where that could be read.
    pub holder: Option<String>,
    /// The registration's generation; `None` where nothing is registered.
    pub generation: Option<u64>,
    /// The release that was last applied, where it is given.
    pub release: Option<String>,
    /// When its registration was last written, RFC 3339 UTC.
    pub last_apply: Option<String>,
    /// Blocks of the registries that know it, in their order; one with a tombstone only counts where all have one.
    pub registries: Vec<&'static str>,
    /// How it stands.
    pub status: Status,
}

/// A login past its time, and the registry that told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverdueLogin {
    /// The login.
    pub login: Overdue,
    /// The server it is on.
    pub server: String,
}

/// What is asked for; what is absent is not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One app.
    pub app: Option<String>,
    /// One env.
    pub env: Option<String>,
    /// One owner.
    pub owner: Option<String>,
}

/// Registries that answered, in the order in which the home of a registration is chosen.
pub struct Answer {
    /// The block's name.
    pub name: &'static str,
    /// The server, as messages name it.
    pub server: String,
    /// What it lists.
    pub listing: Listing,
}

/// The merged fleet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fleet {
    /// By app and env.
    pub members: Vec<Member>,
    /// By server, app and env.
    pub overdue: Vec<OverdueLogin>,
    /// What is not as it should be, and one line a registry.
    pub findings: Vec<Finding>,
}

/// What all registries tell of one instance.
#[derive(Default)]
struct Told<'a> {
    registrations: Vec<(&'a Answer, &'a Registration)>,
    strays: Vec<(&'a Answer, &'a Stray)>,
}

// === impl Status ===

impl Status {
    /// As the state has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Pending => "pending",
            Self::Orphaned => "orphaned",
            Self::Gone => "gone",
        }
    }
}

// === impl Filter ===

impl Filter {
    fn takes(&self, app: &str, env: &str, owner: &str) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        is(&self.app, app) && is(&self.env, env) && is(&self.owner, owner)
    }
}

// === impl Fleet ===

impl Fleet {
    /// Merges what the registries list.
    pub fn of(answers: &[Answer], filter: &Filter) -> Self {
        let mut told: BTreeMap<(&str, &str), Told<'_>> = BTreeMap::new();
        let mut fleet = Self::default();
        for answer in answers {
            fleet.findings.extend(registry(answer));
            for one in &answer.listing.registrations {
                let at = told.entry((&one.app, &one.env)).or_default();
                at.registrations.push((answer, one));
            }
            for stray in &answer.listing.strays {
                told.entry((&stray.app, &stray.env)).or_default().strays.push((answer, stray));
            }
        }
        for ((app, env), told) in &told {
            let Some(member) = told.member(app, env) else { continue };
            if filter.takes(app, env, &member.owner) {
                fleet.findings.extend(told.findings(app, env));
                fleet.members.push(member);
            }
        }
        let owners: BTreeSet<(&str, &str)> =
            fleet.members.iter().map(|one| (one.app.as_str(), one.env.as_str())).collect();
        for answer in answers {
            let ours =
                |login: &&Overdue| owners.contains(&(login.app.as_str(), login.env.as_str()));
            for login in answer.listing.overdue.iter().filter(ours) {
                fleet.findings.push(overdue(answer, login));
                let server = answer.server.clone();
                fleet.overdue.push(OverdueLogin { login: login.clone(), server });
            }
        }
        fleet
    }
}

// === impl Told ===

impl Told<'_> {
    /// Registrations that are no tombstones.
    fn living(&self) -> impl Iterator<Item = &(&Answer, &Registration)> {
        self.registrations.iter().filter(|(_, one)| !one.entry.is_gone())
    }

    fn member(&self, app: &str, env: &str) -> Option<Member> {
        let home = self.living().next().or_else(|| self.registrations.first());
        let entry = home.map(|(_, one)| &one.entry);
        let known = self.living().map(|(answer, _)| answer.name);
        let mut registries: Vec<_> = known.collect();
        if registries.is_empty() {
            registries = self.registrations.iter().map(|(answer, _)| answer.name).collect();
        }
        let owner = entry.map(|entry| &entry.owner);
        Some(Member {
            app: app.to_owned(),
            env: env.to_owned(),
            owner: owner.or_else(|| Some(&self.strays.first()?.1.owner))?.clone(),
            production: entry.map(|entry| entry.production),
            holder: entry.and_then(|entry| entry.state_address.clone()),
            generation: entry.map(|entry| entry.generation),
            release: entry.and_then(|entry| entry.spec["release"].as_str().map(str::to_owned)),
            last_apply: entry.map(|entry| entry.written_at.clone()),
            registries,
            status: self.status(),
        })
    }

    fn status(&self) -> Status {
        let mut living = self.living().peekable();
        if living.peek().is_none() {
            return if self.unregistered().next().is_some() {
                Status::Orphaned
            } else {
                Status::Gone
            };
        }
        if self.living().any(|(_, one)| unfinished(one).is_some()) {
            Status::Pending
        } else if self.living().any(|(_, one)| !one.missing.is_empty())
            || self.unregistered().next().is_some()
        {
            Status::Orphaned
        } else {
            Status::Registered
        }
    }

    /// Objects whose registry has not so much as a tombstone of the instance.
    fn unregistered(&self) -> impl Iterator<Item = &(&Answer, &Stray)> {
        self.strays.iter().filter(|(answer, _)| !self.is_known_to(answer))
    }

    fn is_known_to(&self, answer: &Answer) -> bool {
        self.registrations.iter().any(|(known, _)| known.name == answer.name)
    }

    fn findings(&self, app: &str, env: &str) -> Vec<Finding> {
        let id = format!("{app}/{env}");
        let mut found = Vec::new();
        for (answer, one) in self.living() {
            let at = format!("{id} on {}", answer.server);
            if let Some(what) = unfinished(one) {
                found.push(Finding::warn(
                    "pending",
                    at.clone(),
                    format!("{} ({}).", sentence(&what), one.entry.describe()),
                    "Run the apply that was cut off again, in the state that holds it: it goes on from where it was.",
                ));
            }
            if !one.missing.is_empty() {
                found.push(Finding::fail(
                    "orphaned",
                    at,
                    format!("It is registered, and is missing {}.", one.missing.join(", ")),
                    "Apply in the state that holds it: what is missing is made anew. What was in it comes from a backup; \
                     see why it went first.",
                ));
            }
        }
        found.extend(self.split(&id));
        let mut strays: BTreeMap<(&str, bool), Vec<&str>> = BTreeMap::new();
        for (answer, stray) in &self.strays {
            let key = (answer.server.as_str(), self.is_known_to(answer));
            strays.entry(key).or_default().push(&stray.object);
        }
        for ((server, is_known), objects) in strays {
            let (at, objects) = (format!("{id} on {server}"), objects.join(", "));
            found.push(if is_known {
                Finding::warn(
                    "kept",
                    at,
                    format!("The instance was deleted, and {objects} with its marker was left."),
                    "Import the instance and apply to take it up again; or drop what nothing needs any more.",
                )
            } else {
                Finding::fail(
                    "orphaned",
                    at,
                    format!("The marker of this instance is on {objects}, and the registry there does not know it."),
                    "Restore the registry from a backup; or import the instance and apply, which registers it anew; or \
                     drop what nothing needs any more.",
                )
            });
        }
        found
    }

    /// Registries that have it held by different entries.
    fn split(&self, id: &str) -> Option<Finding> {
        let settled = || self.living().filter(|(_, one)| one.entry.phase == Phase::Live);
        let (_, first) = settled().next()?;
        let same =
            |entry: &Entry| entry.holder == first.entry.holder && entry.owner == first.entry.owner;
        if settled().all(|(_, one)| same(&one.entry)) {
            return None;
        }
        let each =
            settled().map(|(answer, one)| format!("{}: {}", answer.name, one.entry.describe()));
        Some(Finding::fail(
            "registration",
            id.to_owned(),
            format!(
                "Its registries do not have it held by the same state entry: {}.",
                each.collect::<Vec<_>>().join("; ")
            ),
            "See which state is the right one, and apply there: it takes the registration over in the others. Where that says \
             that it is held twice, drop the entry there (state rm), import it and apply.",
        ))
    }
}

/// What was begun of a living registration and did not come to an end.
fn unfinished(one: &Registration) -> Option<String> {
    match one.entry.phase {
        Phase::Pending => return Some("a create did not finish".to_owned()),
        Phase::Deleting => return Some("a delete did not finish".to_owned()),
        Phase::Live | Phase::Gone => {}
    }
    let pending = one.entry.pending.as_ref();
    pending
        .map(|pending| format!("an approved {} did not finish", pending.operation))
        .or_else(|| one.unfinished.clone())
}

/// One line about the registry itself, and what it could not look at.
fn registry(answer: &Answer) -> Vec<Finding> {
    let Answer { server, listing, .. } = answer;
    let mut found = vec![if listing.founded {
        let living = listing.registrations.iter().filter(|one| !one.entry.is_gone()).count();
        Finding::ok("registry", server, format!("{living} living instances are registered."))
    } else {
        Finding::skip("registry", server, "There is no registry: nothing was applied here yet.")
    }];
    let unread = listing.unread.iter();
    found.extend(unread.map(|(what, next)| Finding::fail("registration", server, what, next)));
    found.extend(listing.unseen.iter().map(|what| Finding::skip("objects", server, what)));
    found
}

fn overdue(answer: &Answer, overdue: &Overdue) -> Finding {
    let Overdue { app, env, login, until, shut } = overdue;
    let over = match until {
        Some(until) => format!("its time was over at {until}"),
        None => "it was ended".to_owned(),
    };
    let (why, fix) = if *shut {
        (
            "It is shut, and stays since it owns objects.",
            format!(
                "Apply {app}/{env}: it gives what the login owns to the owner role and drops it."
            ),
        )
    } else {
        (
            "It can do nothing any more; whoever was to drop it was cut off.",
            format!(
                "Find its lease among those of {app}/{env} (bao list sys/leases/lookup/…, bao lease lookup) and revoke that one \
                 alone, which drops it; a temporary login goes with the next apply or opening of the instance."
            ),
        )
    };
    Finding::warn(
        "overdue_login",
        format!("login \"{}\" on {}", login.escape_debug(), answer.server),
        format!("It is for {app}/{env}, and {over}. {why}"),
        fix,
    )
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
