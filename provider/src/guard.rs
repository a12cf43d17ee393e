// SPDX-License-Identifier: MPL-2.0
//! What stands between a change and production, told as diagnostics: what production applies have had, approvals, and what
//! must have run elsewhere before.

mod promotion;
mod report;

use std::collections::BTreeSet;

use tfplugin::context::Context;
use tfplugin::diagnostic::{Diagnostic, Errors};

pub use promotion::promoted;

use crate::configured::Configured;
use crate::gate::approval::Judged;
use crate::gate::document::{Digest, Document};
use crate::gate::{Mode, Operation, Standing};
use crate::naming::Coordinate;
use crate::registry::Pending;

/// When a change is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// In a plan, from the state; the CLI also plans once more before it applies.
    Plan,
    /// In the second plan of a replacement. The CLI drops its warnings, so what is refused is an error.
    SecondPlan,
    /// Before the first write, from what stands.
    Apply,
}

/// A change that is judged.
pub struct Case<'a> {
    /// Of which instance.
    pub coordinate: &'a Coordinate,
    /// What the registries know.
    pub standing: &'a Standing,
    /// Whether the state or the registry has it as a production one, whatever is declared.
    pub was_production: bool,
    /// Whether it changes what the app's instances share.
    pub reaches_others: bool,
    /// What it is; nothing: no effect, and no protection goes.
    pub operations: BTreeSet<Operation>,
    /// Inputs that have no value yet.
    pub unknown: Vec<String>,
    /// What is approved.
    pub document: Document,
    /// The same as an apply before began it, and what that one noted.
    pub resumed: Option<(Document, Pending)>,
}

/// What becomes of a change.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It needs no approval.
    Free,
    /// It has none yet, and a plan only warns of that.
    Warned,
    /// It is approved: what the registries note until it is done.
    Approved(Box<Pending>),
}

/// What a question comes to.
#[derive(Debug)]
pub enum Answer {
    /// It may be.
    Passes(Verdict),
    /// It may not, and why.
    Refused(Box<Diagnostic>),
    /// The same, and it was approved until a short while ago: a plan of then may be applied now.
    Lapsed(Box<Diagnostic>),
}

// === impl Phase ===

impl Phase {
    /// That of a plan. `is_second`: whether it is the second one of a replacement.
    pub fn of_plan(is_second: bool) -> Self {
        if is_second { Self::SecondPlan } else { Self::Plan }
    }
}

// === impl Verdict ===

impl Verdict {
    /// What the registries note until the change is done.
    pub fn pending(self) -> Option<Pending> {
        match self {
            Self::Free | Self::Warned => None,
            Self::Approved(pending) => Some(*pending),
        }
    }
}

// === impl Case ===

impl Case<'_> {
    /// The envs whose rules it is under.
    fn guarded(&self, configured: &Configured) -> BTreeSet<String> {
        let (policy, env) = (&configured.settings.policy, self.coordinate.env());
        let mut envs = BTreeSet::new();
        if self.was_production || self.standing.guards(policy, env) {
            envs.insert(env.to_owned());
        }
        if self.reaches_others {
            envs.extend(self.standing.production.iter().cloned());
        }
        envs
    }
}

/// Refuses a configuration that is looser than production applies to that env have had it, whatever it changes.
pub fn holds_the_floor(
    configured: &Configured,
    coordinate: &Coordinate,
    standing: &Standing,
) -> Result<(), Errors> {
    let loosened = standing.loosened(&configured.settings.policy, coordinate.env());
    if loosened.is_empty() { Ok(()) } else { Err(report::loosened(coordinate, &loosened)) }
}

/// Judges a change: an error where it is refused, or in a plan that only reviews a warning.
pub fn judge(
    configured: &Configured,
    cx: &mut Context,
    case: Case<'_>,
    phase: Phase,
) -> Result<Verdict, Errors> {
    let refuses = configured.settings.policy.mode == Mode::Noop || phase != Phase::Plan;
    match answer(configured, cx, case, refuses)? {
        Answer::Passes(verdict) => Ok(verdict),
        Answer::Refused(told) | Answer::Lapsed(told) if refuses => Err((*told).into()),
        Answer::Refused(told) | Answer::Lapsed(told) => {
            cx.warnings.push(*told);
            Ok(Verdict::Warned)
        }
    }
}

/// Asks whether a change may be, for whoever can do without it. `refuses`: whether what is told is an error.
pub fn answer(
    configured: &Configured,
    cx: &mut Context,
    case: Case<'_>,
    refuses: bool,
) -> Result<Answer, Errors> {
    let settings = &configured.settings;
    let envs = case.guarded(configured);
    let mode = settings.policy.mode;
    let free = Answer::Passes(Verdict::Free);
    if envs.is_empty() || case.operations.is_empty() {
        return Ok(free);
    }
    // Another env's floor is held where its production is reached.
    for env in envs.iter().filter(|env| *env != case.coordinate.env()) {
        let loosened = case.standing.loosened(&settings.policy, env);
        if !loosened.is_empty() {
            return Err(report::loosened(case.coordinate, &loosened));
        }
    }
    let is_allowed = |env: &String| case.operations.is_subset(&settings.policy.allow(env));
    if mode == Mode::Open || envs.iter().all(is_allowed) {
        return Ok(free);
    }
    if !case.unknown.is_empty() {
        let told = report::unknown(&case.document, &case.unknown, refuses);
        return Ok(Answer::Refused(Box::new(told)));
    }
    if let Some((document, pending)) = case.resumed.as_ref() {
        let again = digest(document)?;
        if again.to_string() == pending.digest
            && let Judged::Approved(approval) = judged(configured, &again)
        {
            cx.warnings.push(report::goes_on(document, &again, &approval));
            return Ok(Answer::Passes(Verdict::Approved(Box::new(pending.clone()))));
        }
    }
    let digest = digest(&case.document)?;
    match judged(configured, &digest) {
        Judged::Approved(approval) => {
            cx.warnings.push(report::approved(&case.document, &digest, &approval));
            let document = case.document;
            Ok(Answer::Passes(Verdict::Approved(Box::new(Pending {
                digest: digest.to_string(),
                operation: document.operation.name().to_owned(),
                generation: document.generation,
                target: document.target,
                before: document.before,
                effects: document.effects,
            }))))
        }
        other => {
            let told = report::refused(configured, &case.document, &digest, &other, refuses);
            let now = configured.world.time();
            Ok(match other {
                Judged::Expired(approval) if approval.ended_lately(now) => {
                    Answer::Lapsed(Box::new(told))
                }
                _ => Answer::Refused(Box::new(told)),
            })
        }
    }
}

fn digest(document: &Document) -> Result<Digest, Errors> {
    document.digest().map_err(|error| report::no_digest(document, &error.to_string()))
}

fn judged(configured: &Configured, digest: &Digest) -> Judged {
    configured.settings.approvals.judge(digest, configured.world.time())
}
