// SPDX-License-Identifier: MPL-2.0
//! What one preflight or one comparison of envs found, and the same as JSON.

use serde_json::{Value as Json, json};
use tfplugin::value::Attr;

use crate::data_source::finding::FindingModel;
use crate::data_source::parity::Model as ParityModel;
use crate::data_source::preflight::Model;

/// What was found.
pub(super) struct Report {
    /// Of what.
    pub subject: Subject,
    /// Whether nothing failed.
    pub ok: bool,
    /// What was found, in a fixed order.
    pub findings: Vec<Line>,
}

/// What a report is of.
pub(super) enum Subject {
    /// One instance.
    Preflight {
        /// The application.
        app: String,
        /// The env.
        env: String,
        /// The instance; `None` where its names cannot be.
        instance: Option<String>,
    },
    /// Envs of one app side by side.
    Parity {
        /// The application.
        app: String,
        /// What each env has: kind, name, and a value for each.
        matrix: Json,
    },
}

/// One finding.
pub(super) struct Line {
    pub check: String,
    pub target: String,
    pub status: String,
    pub detail: String,
    pub fix: String,
}

// === impl Report ===

impl Report {
    /// Out of what the data source answered.
    pub fn of(model: &Model) -> Self {
        let subject = Subject::Preflight {
            app: text(&model.app),
            env: text(&model.env),
            instance: model.instance.known().cloned(),
        };
        Self::new(subject, &model.ok, &model.findings)
    }

    /// The same of a comparison.
    pub fn of_parity(model: &ParityModel) -> Self {
        let rows = model.matrix.known().into_iter().flatten().map(|row| {
            let values = row.values.known().into_iter().flatten();
            let values = values.map(|(env, value)| (env.clone(), text(value).into()));
            json!({
                "kind": text(&row.kind),
                "name": text(&row.name),
                "values": values.collect::<serde_json::Map<_, Json>>(),
            })
        });
        let subject = Subject::Parity { app: text(&model.app), matrix: rows.collect() };
        Self::new(subject, &model.ok, &model.findings)
    }

    fn new(subject: Subject, ok: &Attr<bool>, findings: &Attr<Vec<FindingModel>>) -> Self {
        let findings = findings.known().into_iter().flatten().map(|found| Line {
            check: text(&found.check),
            target: text(&found.target),
            status: text(&found.status),
            detail: text(&found.detail),
            fix: text(&found.fix),
        });
        Self { subject, ok: ok.known() == Some(&true), findings: findings.collect() }
    }

    /// What it is of, as a heading.
    pub fn name(&self) -> String {
        match &self.subject {
            Subject::Preflight { instance: Some(instance), .. } => instance.clone(),
            Subject::Preflight { app, env, .. } => format!("{app}/{env}"),
            Subject::Parity { app, .. } => format!("parity of {app}"),
        }
    }

    /// How many findings have a status.
    pub fn count(&self, status: &str) -> usize {
        self.findings.iter().filter(|line| line.status == status).count()
    }
}

fn text(text: &Attr<String>) -> String {
    text.known().cloned().unwrap_or_default()
}

/// All of them: `{"ok": …, "preflight": [{"app", "env", "instance", "ok", "findings": [{"check", "target", "status",
/// "detail", "fix"}]}], "parity": [{"app", "ok", "matrix", "findings"}]}`, findings and matrix as the state has them.
pub(super) fn json(reports: &[Report]) -> String {
    let line = |line: &Line| {
        json!({
            "check": line.check, "target": line.target, "status": line.status, "detail": line.detail, "fix": line.fix,
        })
    };
    let (mut preflight, mut parity) = (Vec::new(), Vec::new());
    for report in reports {
        let findings: Vec<Json> = report.findings.iter().map(line).collect();
        match &report.subject {
            Subject::Preflight { app, env, instance } => preflight.push(json!({
                "app": app, "env": env, "instance": instance, "ok": report.ok, "findings": findings,
            })),
            Subject::Parity { app, matrix } => parity.push(json!({
                "app": app, "ok": report.ok, "matrix": matrix, "findings": findings,
            })),
        }
    }
    let ok = reports.iter().all(|report| report.ok);
    let answer = json!({ "ok": ok, "preflight": preflight, "parity": parity });
    format!("{answer:#}\n")
}
