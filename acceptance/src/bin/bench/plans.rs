// SPDX-License-Identifier: MPL-2.0
//! Plans without a change, timed side by side: what else the machine does falls on all of them alike.

use std::path::Path;
use std::time::{Duration, Instant};

use acceptance::{Cli, Workspace};

/// How often each is planned; the best counts.
const ROUNDS: usize = 3;

/// Between two looks at the processes of a plan.
const LOOK: Duration = Duration::from_millis(50);

/// What is planned, and by whose provider.
pub struct Subject<'a> {
    /// Where it was applied.
    pub workspace: &'a Workspace,
    /// The provider's program; `None` for the CLI's own resource.
    pub provider: Option<&'a Path>,
}

/// What plans took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// The shortest time of one.
    pub took: Duration,
    /// The least processor time of the CLI's own process, as last seen before it ended.
    pub cli: Duration,
    /// The least processor time of its providers.
    pub provider: Duration,
    /// The most memory a provider ever had, in KiB.
    pub memory: u32,
}

/// A workspace whose configuration has been applied.
pub fn settled(ws: Workspace, configuration: &str) -> Workspace {
    let ws = ws.without_trace().with_deadline(Duration::from_secs(3600));
    ws.write("main.tf", configuration);
    ws.apply_with(&["-parallelism=10"]);
    ws
}

/// The same for the CLI's own resource.
pub fn settled_builtin(cli: &Cli, configuration: &str) -> Workspace {
    settled(Workspace::without_provider(cli), configuration)
}

/// Plans each in turn, several times; every plan must be empty.
pub fn side_by_side<const N: usize>(subjects: &[Subject<'_>; N]) -> [Cost; N] {
    let first = subjects.each_ref().map(plan);
    (1..ROUNDS).fold(first, |best, _| {
        let again = subjects.each_ref().map(plan);
        std::array::from_fn(|at| best[at].better(again[at]))
    })
}

fn plan(subject: &Subject<'_>) -> Cost {
    if let Some(program) = subject.provider {
        subject.workspace.use_provider(program);
    }
    let mut run = subject.workspace.start(&["plan", "-detailed-exitcode"]);
    let cli = run.process();
    let mut cost =
        Cost { took: Duration::ZERO, cli: Duration::ZERO, provider: Duration::ZERO, memory: 0 };
    // Each provider process by its id: the CLI starts one to validate and another to plan.
    let mut providers = std::collections::BTreeMap::new();
    let mut due = Instant::now();
    while !run.has_ended() {
        cost.cli = cli.processor_time().unwrap_or(cost.cli);
        if due <= Instant::now() {
            due = Instant::now() + LOOK;
            for process in run.providers() {
                cost.memory = cost.memory.max(process.peak_memory().unwrap_or(0));
                if let Some(time) = process.processor_time() {
                    providers.insert(process.pid, time);
                }
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let run = run.wait();
    assert!(run.code == Some(0), "{run}");
    cost.took = run.took;
    cost.provider = providers.values().sum();
    cost
}

// === impl Cost ===

impl Cost {
    fn better(self, other: Self) -> Self {
        Self {
            took: self.took.min(other.took),
            cli: self.cli.min(other.cli),
            provider: self.provider.min(other.provider),
            memory: self.memory.max(other.memory),
        }
    }
}
