// SPDX-License-Identifier: MPL-2.0
//! What the state says, with questions.

use std::fmt::Write as _;

use serde_json::Value;

/// The output of `show -json`.
#[derive(Clone, Debug, PartialEq)]
pub struct State(Value);

// === impl State ===

impl State {
    pub(super) fn new(shown: Value) -> Self {
        Self(shown)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.resources().is_empty()
    }

    /// The addresses of everything in it.
    pub fn addresses(&self) -> Vec<String> {
        let address = |resource: &&Value| resource["address"].as_str().map(str::to_owned);
        self.resources().iter().filter_map(address).collect()
    }

    /// The attributes of one resource or data source.
    pub fn resource(&self, address: &str) -> &Value {
        self.find(address).map_or_else(
            || panic!("{address} is not in the state, which holds {:?}", self.addresses()),
            |resource| &resource["values"],
        )
    }

    /// Whether an object is tainted.
    pub fn is_tainted(&self, address: &str) -> bool {
        self.find(address).is_some_and(|resource| resource["tainted"] == true)
    }

    /// One attribute, by path: `resolved_names.database` or `services.0`.
    pub fn attribute(&self, address: &str, path: &str) -> &Value {
        let pointer = path.split('.').fold(String::new(), |mut pointer, part| {
            write!(pointer, "/{}", part.replace('~', "~0").replace('/', "~1"))
                .expect("a string takes what is written to it");
            pointer
        });
        let resource = self.resource(address);
        resource.pointer(&pointer).unwrap_or_else(|| panic!("{address} has no {path}: {resource}"))
    }

    /// An output's value.
    pub fn output(&self, name: &str) -> &Value {
        &self.0["values"]["outputs"][name]["value"]
    }

    fn find(&self, address: &str) -> Option<&Value> {
        self.resources().into_iter().find(|resource| resource["address"] == address)
    }

    fn resources(&self) -> Vec<&Value> {
        let mut found = Vec::new();
        let mut modules = vec![&self.0["values"]["root_module"]];
        while let Some(module) = modules.pop() {
            found.extend(module["resources"].as_array().into_iter().flatten());
            modules.extend(module["child_modules"].as_array().into_iter().flatten());
        }
        found
    }
}
