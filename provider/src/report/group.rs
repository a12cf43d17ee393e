// SPDX-License-Identifier: MPL-2.0
//! Events and plan together, grouped by instance, and judged.

use std::collections::{BTreeMap, HashMap};

use super::action::{Action, Counts};
use super::address::is_ours;
use super::document::Difference;
use super::events::{EventChange, Events};
use super::found::Found;
use super::plan::{Plan, PlanChange, tally};
use super::shown::Side;
use super::told::Told;
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
        for told in gates {
            found.told(told);
        }
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

// === impl Instance ===

impl Instance {
    /// Lower is listed first.
    pub(super) fn rank(&self) -> u8 {
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
