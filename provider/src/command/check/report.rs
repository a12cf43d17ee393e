//! What one preflight found, and the same as JSON.

use serde_json::{Value as Json, json};
use tfplugin::value::Attr;

use crate::data_source::preflight::Model;

/// What was found of one instance.
pub(super) struct Report {
    /// The application.
    pub app: String,
    /// The env.
    pub env: String,
    /// The instance; `None` where its names cannot be.
    pub instance: Option<String>,
    /// Whether nothing failed.
    pub ok: bool,
    /// What was found, in a fixed order.
    pub findings: Vec<Line>,
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
        let text = |text: &Attr<String>| text.known().cloned().unwrap_or_default();
        let findings = model.findings.known().into_iter().flatten();
        Self {
            app: text(&model.app),
            env: text(&model.env),
            instance: model.instance.known().cloned(),
            ok: model.ok.known() == Some(&true),
            findings: findings
                .map(|found| Line {
                    check: text(&found.check),
                    target: text(&found.target),
                    status: text(&found.status),
                    detail: text(&found.detail),
                    fix: text(&found.fix),
                })
                .collect(),
        }
    }

    /// How many findings have a status.
    pub fn count(&self, status: &str) -> usize {
        self.findings.iter().filter(|line| line.status == status).count()
    }
}

/// All of them: `{"ok": …, "preflight": [{"app", "env", "instance", "ok", "findings": [{"check", "target", "status",
/// "detail", "fix"}]}]}`, the findings as the state has them.
pub(super) fn json(reports: &[Report]) -> String {
    let line = |line: &Line| {
        json!({
            "check": line.check, "target": line.target, "status": line.status, "detail": line.detail, "fix": line.fix,
        })
    };
    let report = |report: &Report| {
        json!({
            "app": report.app,
            "env": report.env,
            "instance": report.instance,
            "ok": report.ok,
            "findings": report.findings.iter().map(line).collect::<Vec<_>>(),
        })
    };
    let answer: Json = json!({
        "ok": reports.iter().all(|report| report.ok),
        "preflight": reports.iter().map(report).collect::<Vec<_>>(),
    });
    format!("{answer:#}\n")
}
