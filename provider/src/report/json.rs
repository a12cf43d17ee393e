// SPDX-License-Identifier: MPL-2.0
//! A report as JSON, for machines. `format_version` grows with what is added; a reader refuses another major number.

use serde_json::{Value, json};

use super::document::Difference;
use super::group::{Change, Decision, Refusal, Report};
use super::told::Told;
use super::unreadable::Unreadable;
use super::verdict::Verdict;
use crate::gate::Operation;

/// The version of what is written here.
const FORMAT: &str = "1";

/// A report.
pub fn report(report: &Report) -> String {
    let counts: serde_json::Map<String, Value> = report
        .counts
        .iter()
        .map(|(action, count)| (action.name().to_owned(), json!(count)))
        .collect();
    let instances: Vec<Value> = report
        .instances
        .iter()
        .map(|instance| {
            let (app, env) = instance.coordinate.clone().unzip();
            json!({
                "app": app,
                "env": env,
                "changes": instance.changes.iter().map(change).collect::<Vec<_>>(),
            })
        })
        .collect();
    let others: Vec<Value> = report
        .others
        .iter()
        .map(|others| {
            json!({
                "provider": others.provider,
                "action": others.action.name(),
                "addresses": others.addresses,
            })
        })
        .collect();
    pretty(&json!({
        "format_version": FORMAT,
        "verdict": report.verdict.name(),
        "exit_code": report.verdict.exit_code(),
        "tool": report.tool,
        "incomplete": report.incomplete,
        "counts": counts,
        "outputs": report.outputs,
        "action_invocations": report.invocations,
        "instances": instances,
        "others": others,
        "drifted": report.drifted,
        "errors": report.errors.iter().map(told).collect::<Vec<_>>(),
        "warnings": report.warnings.iter().map(told).collect::<Vec<_>>(),
    }))
}

/// The same shape where there is nothing to report on.
pub fn unreadable(error: &Unreadable) -> String {
    pretty(&json!({
        "format_version": FORMAT,
        "verdict": Verdict::Error.name(),
        "exit_code": Verdict::Error.exit_code(),
        "errors": [{ "text": error.to_string(), "address": null, "place": null }],
    }))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn change(change: &Change) -> Value {
    let refusal = |refusal: &Refusal| {
        json!({
            "gate": refusal.gate,
            "operation": refusal.operation.map(Operation::name),
            "text": refusal.text,
        })
    };
    json!({
        "address": change.address,
        "subject": change.subject,
        "action": change.action.map(super::Action::name),
        "decisions": change.decisions.iter().map(decision).collect::<Vec<_>>(),
        "refusals": change.refusals.iter().map(refusal).collect::<Vec<_>>(),
        "names": change.names.iter().map(difference).collect::<Vec<_>>(),
        "attributes": change.facts.iter().map(difference).collect::<Vec<_>>(),
        "drifted": change.has_drifted || !change.drifted.is_empty(),
        "objects": change.drifted,
    })
}

fn decision(decision: &Decision) -> Value {
    json!({
        "operation": decision.operation.name(),
        "digest": decision.digest,
        "approved": decision.approved,
        "text": decision.text,
        "effects": decision.effects,
        "differences": decision.differences.iter().map(difference).collect::<Vec<_>>(),
    })
}

fn difference(difference: &Difference) -> Value {
    json!({ "name": difference.name, "before": difference.before, "after": difference.after })
}

fn told(told: &Told) -> Value {
    json!({ "text": told.text, "address": told.address, "place": told.place })
}
