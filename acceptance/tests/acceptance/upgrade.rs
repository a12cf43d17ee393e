// SPDX-License-Identifier: MPL-2.0
//! A state that an earlier release wrote is read, and nothing changes by it.

use acceptance::Snapshot;
use acceptance::servers::Servers;
use serde_json::json;

use crate::instances::{address, workspace, write};

#[test]
fn a_state_of_schema_version_0_plans_no_change() {
    let servers = Servers::start();
    let ws = workspace(&servers);
    write(&ws, &[("erp", "prod", "services = [\"api\"]"), ("erp", "sandbox", "")]);
    ws.step();
    let mut state = ws.state_file();
    let serial = state["serial"].as_u64().unwrap();
    state["serial"] = json!(serial + 1);
    for resource in state["resources"].as_array_mut().unwrap() {
        let instance = &mut resource["instances"][0];
        assert_eq!(instance["schema_version"], 1);
        instance["schema_version"] = json!(0);
        instance.as_object_mut().unwrap().remove("identity");
        instance.as_object_mut().unwrap().remove("identity_schema_version");
        let attributes = instance["attributes"].as_object_mut().unwrap();
        for new in ["names", "adopt", "rename", "keep_old", "kept"] {
            assert!(attributes.remove(new).is_some(), "{new}");
        }
        let names = attributes["resolved_names"].as_object_mut().unwrap();
        assert!(names.remove("own_ops_policy").is_some());
    }
    let before = Snapshot::take(&servers);
    std::fs::write(ws.dir().join("terraform.tfstate"), state.to_string()).unwrap();
    ws.is_settled();
    // The next change writes it as it is now.
    write(&ws, &[("erp", "prod", "services = [\"api\", \"web\"]"), ("erp", "sandbox", "")]);
    ws.apply();
    ws.is_settled();
    let state = ws.state();
    assert_eq!(
        state.resource(&address("erp", "prod"))["resolved_names"]["own_ops_policy"],
        "erp-prod-ops"
    );
    Snapshot::take(&servers).since(&before).outside(&["appenv"]).is_nothing();
}
