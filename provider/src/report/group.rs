//! Events and plan together, grouped by instance, and judged.

use std::collections::{BTreeMap, HashMap};

use super::action::{Action, Counts};
use super::address::is_ours;
use super::document::{Difference, differences};
use super::events::{EventChange, Events};
use super::plan::{Plan, PlanChange, tally};
use super::shown::Side;
use super::told::{Kind, Told};
use super::unreadable::Unreadable;
use super::verdict::Verdict;
use crate::gate::Operation;

/// What a plan would do, and whether it may.
#[derive(Clone, Debug)]
pub struct Report {
    /// The one answer.
    pub verdict: Verdict,
    /// `Terraform 1.11.4`.
    pub tool: String,
    /// Whether the plan's own JSON was there, which alone has names and drifted objects.
    pub has_plan: bool,
    /// Whether the plan leaves something for another one.
    pub incomplete: bool,
    /// Whether planning ended at an error, so that the plan is not whole.
    pub is_partial: bool,
    /// Resources of all providers, by what happens to them.
    pub counts: Counts,
    /// Outputs that change, by what happens to them. Alone they are no change.
    pub outputs: BTreeMap<String, usize>,
    /// Actions without a resource that would run.
    pub invocations: usize,
    /// This provider's resources, those first that need a reviewer most.
    pub instances: Vec<Instance>,
    /// The other providers', by provider and action.
    pub others: Vec<Others>,
    /// Resources of other providers that were found changed outside; not a change of the plan.
    pub drifted: Vec<String>,
    /// Errors that are no gate's.
    pub errors: Vec<Told>,
    /// Warnings that are no gate's.
    pub warnings: Vec<Told>,
}

/// One instance and its secrets.
#[derive(Clone, Debug)]
pub struct Instance {
    /// App and env, where the plan or a gate says them.
    pub coordinate: Option<(String, String)>,
    /// Its resources that change, drifted, or are refused.
    pub changes: Vec<Change>,
}

/// One resource of this provider.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Where it is in the configuration.
    pub address: Option<String>,
    /// `erp/prod` or `erp/prod/KEY`.
    pub subject: Option<String>,
    /// What the plan does to it; `None` where it was refused or only drifted.
    pub action: Option<Action>,
    /// What the production gate says, a digest each.
    pub decisions: Vec<Decision>,
    /// What other gates refuse.
    pub refusals: Vec<Refusal>,
    /// Names, old and new.
    pub names: Vec<Difference>,
    /// Other attributes, old and new.
    pub facts: Vec<Difference>,
    /// Objects that do not stand as they should, and how they stand.
    pub drifted: BTreeMap<String, String>,
    /// Whether it was found changed outside.
    pub has_drifted: bool,
}

/// One change that the production gate judged.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What is done.
    pub operation: Operation,
    /// What approves it.
    pub digest: String,
    /// Whether it is approved.
    pub approved: bool,
    /// What the gate says.
    pub text: String,
    /// What is written outside the state.
    pub effects: Vec<String>,
    /// What differs, old and new.
    pub differences: Vec<Difference>,
}

/// What a gate refuses that has no digest.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The gate's name.
    pub gate: &'static str,
    /// What is done, where the gate says it.
    pub operation: Option<Operation>,
    /// What the gate says.
    pub text: String,
    /// What it says to do.
    pub detail: String,
}

/// Resources of another provider with one action.
#[derive(Clone, Debug)]
pub struct Others {
    /// The provider.
    pub provider: String,
    /// What happens to them.
    pub action: Action,
    /// Where they are, sorted.
    pub addresses: Vec<String>,
}

// === impl Report ===

impl Report {
    /// Judges a plan by its events and, where it is there, its own JSON.
    ///
    /// # Errors
    ///
    /// The two do not belong together.
    pub fn of(events: Events, plan: Option<&Plan>) -> Result<Self, Unreadable> {
        let failed = events.told.iter().any(|told| told.is_error() || told.is_refusal());
        if let Some(plan) = plan {
            belong_together(&events, plan, failed)?;
        }
        let is_partial = events.told.iter().any(|told| told.ends_planning);
        let sides = Sides::of(plan);
        let mut found = Found::default();
        let mut others: BTreeMap<(String, Action), Vec<String>> = BTreeMap::new();
        let mut counts = Counts::new();
        for change in &events.changes {
            *counts.entry(change.action).or_default() += 1;
            if sides.is_ours(change) {
                found.change(change, sides.get(&change.address));
            } else {
                let provider = sides.provider(change);
                others.entry((provider, change.action)).or_default().push(change.address.clone());
            }
        }
        let mut drifted = Vec::new();
        for drift in events.drift.iter().filter(|drift| drift.action != Action::Move) {
            if is_ours(&drift.resource_type) && drift.provider == "appenv" {
                found.drift(drift, sides.drift(&drift.address));
            } else {
                drifted.push(drift.address.clone());
            }
        }
        drifted.sort();
        let (gates, others_told): (Vec<_>, Vec<_>) =
            events.told.into_iter().partition(|told| told.subject.is_some());
        let refused = gates.iter().any(Told::is_refusal);
        gates.into_iter().for_each(|told| found.told(told));
        let (errors, warnings): (Vec<_>, Vec<_>) =
            others_told.into_iter().partition(Told::is_error);

        let incomplete =
            events.incomplete || plan.is_some_and(|plan| plan.incomplete && !plan.errored);
        let any = |of: fn(Action) -> bool| counts.keys().any(|action| of(*action));
        let verdict = if !errors.is_empty() || incomplete {
            Verdict::Error
        } else if refused {
            Verdict::NotApproved
        } else if any(Action::is_destructive) {
            Verdict::Destructive
        } else if any(Action::is_change) || events.invocations > 0 {
            Verdict::Allowed
        } else {
            Verdict::NoOp
        };
        let others = others.into_iter().map(|((provider, action), mut addresses)| {
            addresses.sort();
            Others { provider, action, addresses }
        });
        Ok(Self {
            verdict,
            tool: events.tool,
            has_plan: plan.is_some(),
            incomplete,
            is_partial,
            counts,
            outputs: events.outputs,
            invocations: events.invocations,
            instances: found.instances(),
            others: others.collect(),
            drifted,
            errors,
            warnings,
        })
    }
}

/// Whether events and plan tell of one plan.
fn belong_together(events: &Events, plan: &Plan, failed: bool) -> Result<(), Unreadable> {
    if failed {
        // A plan that failed holds part of it; the gate is closed by the events.
        return Ok(());
    }
    if plan.errored {
        return Err(Unreadable::plan("its planning failed, and the events tell of no error"));
    }
    let of_events = tally(events.changes.iter().map(|change| (&*change.address, change.action)));
    let of_plan = tally(plan.changes.iter().map(|change| (&*change.address, change.action)));
    if of_events != of_plan {
        return Err(Unreadable::plan("it holds other changes than the events"));
    }
    Ok(())
}

/// What the plan's own JSON says of a resource.
struct Sides<'a> {
    changes: Option<HashMap<&'a str, &'a PlanChange>>,
    drift: HashMap<&'a str, &'a PlanChange>,
}

// === impl Sides ===

impl<'a> Sides<'a> {
    fn of(plan: Option<&'a Plan>) -> Self {
        let by_address = |changes: &'a [PlanChange]| {
            changes.iter().map(|change| (&*change.address, change)).collect()
        };
        Self {
            changes: plan.map(|plan| by_address(&plan.changes)),
            drift: plan.map(|plan| by_address(&plan.drift)).unwrap_or_default(),
        }
    }

    fn get(&self, address: &str) -> Option<&'a (Side, Side)> {
        self.changes.as_ref()?.get(address)?.sides.as_ref()
    }

    fn drift(&self, address: &str) -> Option<&'a (Side, Side)> {
        self.drift.get(address)?.sides.as_ref()
    }

    /// The whole name where the plan says it, the local one elsewhere.
    fn provider(&self, change: &EventChange) -> String {
        let found = self.changes.as_ref().and_then(|changes| changes.get(&*change.address));
        found.map_or(&change.provider, |found| &found.provider).clone()
    }

    /// Whether a resource is this provider's: by its whole name where the plan says it.
    fn is_ours(&self, change: &EventChange) -> bool {
        let named = is_ours(&change.resource_type) && change.provider == "appenv";
        match self.changes.as_ref().and_then(|changes| changes.get(&*change.address)) {
            Some(found) => found.sides.is_some(),
            None => named && change.action != Action::Read,
        }
    }
}

/// This provider's resources as they are found.
#[derive(Default)]
struct Found {
    changes: Vec<(Option<(String, String)>, Change)>,
}

// === impl Found ===

impl Found {
    /// The entry of a resource, or of a subject where there is no resource.
    fn entry(
        &mut self,
        address: Option<&str>,
        subject: Option<&str>,
    ) -> &mut (Option<(String, String)>, Change) {
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

    fn change(&mut self, change: &EventChange, sides: Option<&(Side, Side)>) {
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

    fn drift(&mut self, drift: &EventChange, sides: Option<&(Side, Side)>) {
        let (coordinate, change) = self.entry(Some(&drift.address), None);
        change.has_drifted = true;
        if let Some((before, after)) = sides {
            let (place, subject) = place(if after.app.is_some() { after } else { before });
            *coordinate = coordinate.take().or(place);
            change.subject = change.subject.take().or(subject);
            change.drifted.extend(after.drifted.clone());
        }
    }

    fn told(&mut self, told: Told) {
        let (coordinate, change) = self.entry(told.address.as_deref(), told.subject.as_deref());
        if let Some(subject) = told.subject {
            let mut words = subject.split('/').map(str::to_owned);
            let place = words.next().zip(words.next());
            *coordinate = coordinate.take().or(place);
            change.subject = change.subject.take().or(Some(subject));
        }
        match told.kind {
            Kind::Production { operation, digest, approved, document } => {
                let differences = document
                    .as_ref()
                    .map(super::document::Document::differences)
                    .unwrap_or_default();
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

    fn instances(self) -> Vec<Instance> {
        let mut found: BTreeMap<(Option<(String, String)>, Option<String>), Vec<Change>> =
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

fn place(side: &Side) -> (Option<(String, String)>, Option<String>) {
    let Some((app, env)) = side.app.clone().zip(side.env.clone()) else {
        return (None, None);
    };
    let key = side.key.as_deref().map(|key| format!("/{key}")).unwrap_or_default();
    let subject = format!("{app}/{env}{key}");
    (Some((app, env)), Some(subject))
}

// === impl Instance ===

impl Instance {
    /// Lower is listed first.
    fn rank(&self) -> u8 {
        self.changes.iter().map(Change::rank).min().unwrap_or(u8::MAX)
    }
}

// === impl Change ===

impl Change {
    /// Whether a gate refuses it.
    pub fn is_refused(&self) -> bool {
        !self.refusals.is_empty() || self.decisions.iter().any(|decision| !decision.approved)
    }

    fn rank(&self) -> u8 {
        match self.action {
            _ if self.is_refused() => 0,
            Some(action) if action.is_destructive() => 1,
            Some(_) => 2,
            None => 3,
        }
    }
}
