// SPDX-License-Identifier: MPL-2.0
//! Runs checks side by side. A target that is dead costs the deadline once and hides nothing else.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use tokio::time::{Instant, timeout_at};

use crate::finding::Finding;

/// One check that was not run yet.
pub struct Check<'a> {
    name: &'static str,
    target: String,
    also: &'static [&'static str],
    work: BoxFuture<'a, Vec<Finding>>,
}

// === impl Check ===

impl<'a> Check<'a> {
    /// A check of one target. It answers with findings of its own name, or of several where one question answers them
    /// all; name and target here are what is told where it does not answer in time.
    pub fn new(
        name: &'static str,
        target: impl Into<String>,
        work: impl Future<Output = Vec<Finding>> + Send + 'a,
    ) -> Self {
        Self { name, target: target.into(), also: &[], work: work.boxed() }
    }

    /// Names of the other findings that it answers with, so that each is skipped, and not missing, where it does not
    /// answer in time.
    #[must_use]
    pub fn also(self, names: &'static [&'static str]) -> Self {
        Self { also: names, ..self }
    }

    async fn answer(self, deadline: Instant, limit: Duration) -> Vec<Finding> {
        if let Ok(findings) = timeout_at(deadline, self.work).await {
            return findings;
        }
        let late = Finding::fail(
            self.name,
            self.target.clone(),
            format!("It did not answer within {} s.", limit.as_secs_f64()),
            "See whether it is up and reachable from here; a slow one may get more time with `timeout`.",
        );
        let why = format!("Not asked: see {}.", self.name);
        let others = self.also.iter().map(|name| Finding::skip(name, &*self.target, &*why));
        std::iter::once(late).chain(others).collect()
    }
}

/// Every finding, in the order of the checks.
pub async fn run(checks: Vec<Check<'_>>, limit: Duration) -> Vec<Finding> {
    let deadline = Instant::now() + limit;
    let answers = checks.into_iter().map(|check| check.answer(deadline, limit));
    join_all(answers).await.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;

    #[tokio::test]
    async fn a_dead_target_hides_no_other() {
        let dead = Check::new("redis", "Redis at nowhere:6379", std::future::pending());
        let alive = Check::new("http", "https://erp.example", async {
            vec![Finding::ok("http", "https://erp.example", "200 in 4 ms")]
        });
        let found = run(vec![dead, alive], Duration::from_millis(50)).await;
        let told: Vec<_> = found.iter().map(|found| (found.check, found.status)).collect();
        assert_eq!(told, [("redis", Status::Fail), ("http", Status::Ok)]);
        assert_eq!(found[0].detail, "It did not answer within 0.05 s.");
    }

    #[tokio::test]
    async fn what_a_late_answer_would_have_told_is_skipped() {
        let dead = Check::new("vault_connection", "Vault at v", std::future::pending());
        let found = run(vec![dead.also(&["vault_database_role"])], Duration::from_millis(1)).await;
        let told: Vec<_> = found.iter().map(|found| (found.check, found.status)).collect();
        assert_eq!(
            told,
            [("vault_connection", Status::Fail), ("vault_database_role", Status::Skip)]
        );
        assert_eq!(found[1].detail, "Not asked: see vault_connection.");
    }
}
