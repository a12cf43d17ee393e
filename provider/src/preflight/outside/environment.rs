// SPDX-License-Identifier: MPL-2.0
//! Environment variables are there. Their values are not looked at.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::preflight::Check;
use crate::world::World;

const CHECK: &str = "environment";

/// One finding `environment` for each name: set, and not empty. The environment is that of this process.
pub fn environment(names: BTreeSet<String>, world: &World) -> Vec<Check<'static>> {
    let check = |name: String| {
        let target = format!("environment variable {name}");
        let finding = if world.env(&name).is_some() {
            Finding::ok(CHECK, &*target, "It is set.")
        } else {
            let fix = format!("Set {name} to a value where this runs.");
            Finding::fail(CHECK, &*target, "It is not set, or empty.", fix)
        };
        Check::new(CHECK, target, async { vec![finding] })
    };
    names.into_iter().map(check).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::finding::Status;
    use crate::preflight::run;

    #[tokio::test]
    async fn names_are_told_and_no_value() {
        let world = World::with(
            |name| match name {
                "DATABASE_URL" => Some("postgres://canary".to_owned()),
                "EMPTY" => Some(String::new()),
                _ => None,
            },
            "/",
        );
        let names = ["DATABASE_URL", "EMPTY", "ABSENT"].map(str::to_owned).into();
        let found = run(environment(names, &world), Duration::from_secs(1)).await;
        let told: Vec<_> = found.iter().map(|found| (&*found.target, found.status)).collect();
        assert_eq!(
            told,
            [
                ("environment variable ABSENT", Status::Fail),
                ("environment variable DATABASE_URL", Status::Ok),
                ("environment variable EMPTY", Status::Fail),
            ]
        );
        assert!(!format!("{found:?}").contains("canary"));
    }
}
