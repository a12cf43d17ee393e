// SPDX-License-Identifier: MPL-2.0
//! A state that an earlier release wrote is read, and nothing changes by it.

use acceptance::Snapshot;
use acceptance::servers::Servers;
use serde_json::{Map, Value, json};

use crate::instances::{address, workspace, write};

/// Turns what version `version + 1` wrote into what version `version` wrote.
fn undo(version: u64, attributes: &mut Map<String, Value>) {
    match version {
        0 => {
            for new in ["names", "adopt", "rename", "keep_old", "kept"] {
                assert!(attributes.remove(new).is_some(), "{new}");
            }
            let names = attributes["resolved_names"].as_object_mut().unwrap();
            assert!(names.remove("own_ops_policy").is_some());
        }
        other => panic!("what did version {other} of the schema not have?"),
    }
}

/// The state as version `version` of the instance's schema would have left it.
fn former(mut state: Value, version: u64) -> Value {
    let serial = state["serial"].as_u64().unwrap();
    state["serial"] = json!(serial + 1);
    for resource in state["resources"].as_array_mut().unwrap() {
        let instance = resource["instances"][0].as_object_mut().unwrap();
        let now = instance["schema_version"].as_u64().unwrap();
        instance["schema_version"] = json!(version);
        if version == 0 {
            instance.remove("identity");
            instance.remove("identity_schema_version");
        }
        for version in (version..now).rev() {
            undo(version, instance["attributes"].as_object_mut().unwrap());
        }
    }
    state
}

fn schema_version(state: &Value) -> u64 {
    state["resources"][0]["instances"][0]["schema_version"].as_u64().unwrap()
}

#[test]
fn a_state_of_a_former_schema_version_plans_no_change() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("erp", "prod", "services = [\"api\"]"), ("erp", "sandbox", "")]);
    ws.step();
    let now = schema_version(&ws.state_file());
    assert!(now > 0);
    let before = Snapshot::take(&servers);
    for version in 0..now {
        let state = former(ws.state_file(), version);
        std::fs::write(ws.dir().join("terraform.tfstate"), state.to_string()).unwrap();
        ws.is_settled();
        assert_eq!(schema_version(&ws.state_file()), version, "a plan writes no state");
        // The next change writes it as it is now.
        let services = format!("services = [\"api\", \"web-{version}\"]");
        write(&ws, &[("erp", "prod", &services), ("erp", "sandbox", "")]);
        ws.apply();
        ws.is_settled();
        assert_eq!(schema_version(&ws.state_file()), now);
        assert_eq!(
            ws.state().resource(&address("erp", "prod"))["resolved_names"]["own_ops_policy"],
            "erp-prod-ops"
        );
    }
    Snapshot::take(&servers).since(&before).outside(&["appenv"]).is_nothing();
}
