// SPDX-License-Identifier: MPL-2.0
//! This provider's resources, put together from plan and gates and sorted by instance.

use std::collections::BTreeMap;

use super::action::Action;
use super::document::{Document, differences};
use super::events::EventChange;
use super::group::{Change, Decision, Instance, Refusal};
use super::shown::Side;
use super::told::{Kind, Told};

/// App and env.
type Coordinate = (String, String);

/// This provider's resources as they are found.
#[derive(Default)]
pub struct Found {
    changes: Vec<(Option<Coordinate>, Change)>,
}

// === impl Found ===

impl Found {
    /// The entry of a resource, or of a subject where there is no resource.
    fn entry(
        &mut self,
        address: Option<&str>,
        subject: Option<&str>,
    ) -> &mut (Option<Coordinate>, Change) {
        let found = self.changes.iter().position(|(_, change)| match address {
            Some(_) => change.address.as_deref() == address,
            None => subject.is_some() && change.subject.as_deref() == subject,
        });
        let at = found.unwrap_or_else(|| {
            let address = address.map(str::to_owned);
            self.changes.push((None, Change { address, ..Change::default() }));
            self.changes.len() - 1
        });
        &mut self.changes[at]
    }

    /// Adds a change of the plan.
    pub fn change(&mut self, change: &EventChange, sides: Option<&(Side, Side)>) {
        // One address has two changes where an old object was left over by an earlier apply.
        let mut found = Change { action: Some(change.action), ..Change::default() };
        found.address = Some(change.address.clone());
        let mut coordinate = None;
        if let Some((before, after)) = sides {
            let one = if after.app.is_some() { after } else { before };
            (coordinate, found.subject) = place(one);
            // What is made or ends has every name; only changed ones are news, and those of what is made.
            if change.action != Action::Delete && change.action != Action::Forget {
                found.names = differences(&before.names, &after.names);
                found.facts = differences(&before.facts, &after.facts);
            }
            found.drifted.clone_from(&before.drifted);
        }
        self.changes.push((coordinate, found));
    }

    /// Adds what was found changed outside.
    pub fn drift(&mut self, drift: &EventChange, sides: Option<&(Side, Side)>) {
        let (coordinate, change) = self.entry(Some(&drift.address), None);
        change.has_drifted = true;
        if let Some((before, after)) = sides {
            let (place, subject) = place(if after.app.is_some() { after } else { before });
            *coordinate = coordinate.take().or(place);
            change.subject = change.subject.take().or(subject);
            change.drifted.extend(after.drifted.clone());
        }
    }

    /// Adds what a gate says.
    pub fn told(&mut self, told: Told) {
        let (coordinate, change) = self.entry(told.address.as_deref(), told.subject.as_deref());
        if let Some(subject) = told.subject {
            let mut words = subject.split('/').map(str::to_owned);
            let place = words.next().zip(words.next());
            *coordinate = coordinate.take().or(place);
            change.subject = change.subject.take().or(Some(subject));
        }
        match told.kind {
            Kind::Production { operation, digest, approved, document } => {
                let differences = document.as_ref().map(Document::differences).unwrap_or_default();
                let effects = document.map(|document| document.effects).unwrap_or_default();
                let text = told.text;
                change.decisions.push(Decision {
                    operation,
                    digest,
                    approved,
                    text,
                    effects,
                    differences,
                });
            }
            Kind::Gate { name: gate, operation, detail } => {
                change.refusals.push(Refusal { gate, operation, text: told.text, detail });
            }
            Kind::Error | Kind::Warning => {}
        }
    }

    /// Everything, by instance, those first that need a reviewer most.
    pub fn instances(self) -> Vec<Instance> {
        // Those without a coordinate stand each for itself.
        let mut found: BTreeMap<(Option<Coordinate>, Option<String>), Vec<Change>> =
            BTreeMap::new();
        for (coordinate, change) in self.changes {
            let address = if coordinate.is_some() { None } else { change.address.clone() };
            found.entry((coordinate, address)).or_default().push(change);
        }
        let mut instances: Vec<Instance> = found
            .into_iter()
            .map(|((coordinate, _), changes)| Instance { coordinate, changes })
            .collect();
        instances.sort_by_key(Instance::rank);
        instances
    }
}

fn place(side: &Side) -> (Option<Coordinate>, Option<String>) {
    let Some((app, env)) = side.app.clone().zip(side.env.clone()) else {
        return (None, None);
    };
    let key = side.key.as_deref().map(|key| format!("/{key}")).unwrap_or_default();
    let subject = format!("{app}/{env}{key}");
    (Some((app, env)), Some(subject))
}
