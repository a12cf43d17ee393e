// SPDX-License-Identifier: MPL-2.0
//! The order in which one step of an acceptance test is judged.

use super::Workspace;
use crate::output::Run;

// === impl Workspace ===

impl Workspace {
    /// Applies, then proves that nothing is left to do: a plan that does not refresh is empty, and so is one that does.
    /// Answers the apply; the caller then asks the servers.
    ///
    /// The first plan catches a provider whose result differs from its own plan, the second one whose read differs from
    /// its write.
    pub fn step(&self) -> Run {
        self.step_with(&[])
    }

    /// The same with more arguments to the apply.
    pub fn step_with(&self, args: &[&str]) -> Run {
        let applied = self.apply_with(args);
        self.is_settled();
        applied
    }

    /// Fails the test where a plan, without or with a refresh, has anything to do.
    pub fn is_settled(&self) {
        for (refresh, what) in
            [("-refresh=false", "that does not refresh"), ("-refresh=true", "that refreshes")]
        {
            let plan = self.plan_with(&[refresh]);
            assert!(
                plan.code == Some(0),
                "after an apply the plan {what} is not empty:\n  {}\n{}{plan}",
                plan.planned().join("\n  "),
                self.details()
            );
        }
    }

    /// Fails the test where a plan has nothing to do; answers the plan.
    pub fn has_changes(&self) -> Run {
        let plan = self.plan();
        assert!(plan.code == Some(2), "expected changes, and there are none:\n{plan}");
        plan
    }

    /// The human form of the plan, which shows the attributes.
    fn details(&self) -> String {
        self.plan_text().stdout
    }
}
