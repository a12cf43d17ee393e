// SPDX-License-Identifier: MPL-2.0
//! `toy_thing`: a resource with everything, and with every fault on demand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::resource::{Change, ImportTarget, Resource, Slot};
use tfplugin::schema::Schema;
use tfplugin::value::{Attr, Number, Path, Secret, Value};

use super::{World, schema};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thing {
    pub name: Attr<String>,
    pub size: Attr<i64>,
    pub ratio: Attr<Number>,
    pub color: Attr<String>,
    pub id: Attr<String>,
    pub revision: Attr<i64>,
    pub tags: Attr<Vec<Attr<String>>>,
    pub labels: Attr<BTreeMap<String, Attr<String>>>,
    pub extra: Attr<Value>,
    pub secret: Attr<Secret<String>>,
    pub token: Attr<Secret<String>>,
    pub old: Attr<String>,
    pub behave: Attr<String>,
    pub network: Option<Network>,
    pub rule: Vec<Rule>,
    pub mount: Attr<Vec<Mount>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    pub cidr: Attr<String>,
    pub gateway: Attr<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub port: Attr<i64>,
    pub rule_id: Attr<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    pub path: Attr<String>,
    pub mode: Attr<String>,
}

/// The resource.
pub struct ThingResource {
    pub world: World,
}

fn behaviour(thing: &Thing) -> String {
    thing.behave.known().cloned().unwrap_or_default()
}

fn fill<T>(attr: &mut Attr<T>, value: T) {
    if attr.is_unknown() {
        *attr = Attr::Known(value);
    }
}

/// Gives every computed value that is still open.
fn settle(thing: &mut Thing, id: &str, revision: i64) {
    fill(&mut thing.id, id.to_owned());
    fill(&mut thing.color, "red".to_owned());
    thing.revision = Attr::Known(revision);
    if let Some(network) = &mut thing.network {
        fill(&mut network.gateway, "10.0.0.1".to_owned());
    }
    for rule in &mut thing.rule {
        let port = rule.port.known().copied().unwrap_or_default();
        fill(&mut rule.rule_id, format!("rule-{port}"));
    }
}

impl ThingResource {
    fn name_of(thing: &Thing) -> String {
        thing.name.known().cloned().unwrap_or_default()
    }
}

impl Resource for ThingResource {
    type Model = Thing;
    const TYPE: &'static str = "toy_thing";

    fn schema() -> Schema {
        schema::thing()
    }

    fn identity_schema() -> Option<Schema> {
        Some(schema::identity())
    }

    fn identity(&self, state: &Thing) -> Option<Value> {
        let name = state.name.known()?;
        Some(Value::Map([("name".to_owned(), Value::from(name.as_str()))].into()))
    }

    async fn validate(&self, cx: &mut Context, config: &Thing) -> Result<(), Errors> {
        assert_ne!(behaviour(config), "panic in validate", "hunter2");
        if config.size.known().is_some_and(|size| *size > 100) {
            cx.warn("Large thing", "It may not fit the shelf.");
        }
        let mut errors = Errors::new();
        for (index, rule) in config.rule.iter().enumerate() {
            if rule.port.known().is_some_and(|port| !(1..=65_535).contains(port)) {
                let path = Path::attribute("rule").index(index).field("port");
                errors.extend(Errors::at(path, "No such port", "Ports go from 1 to 65535."));
            }
        }
        errors.into_result()
    }

    async fn plan(&self, cx: &mut Context, change: Change<Thing>) -> Result<Option<Thing>, Errors> {
        match change {
            Change::Create { config, proposed } => {
                let mut planned = proposed;
                match behaviour(&config).as_str() {
                    "panic in plan" => panic!("hunter2"),
                    "plan nothing" => return Ok(None),
                    "plan another name" => planned.name = Attr::Known("other".to_owned()),
                    "plan the token" => planned.token = config.token,
                    "plan fewer rules" => planned.rule.clear(),
                    _ => {}
                }
                cx.private.0.insert("planned".to_owned(), json!(true));
                Ok(Some(planned))
            }
            Change::Update { prior, config, proposed } => {
                let mut planned = proposed;
                if planned.name != prior.name {
                    for _ in 0..2 {
                        cx.requires_replace.push(Path::attribute("name"));
                    }
                }
                if planned.network != prior.network {
                    cx.requires_replace.push(Path::attribute("network").field("cidr"));
                }
                if planned.mount != prior.mount {
                    for index in 0..planned.mount.known().map_or(0, Vec::len) {
                        cx.requires_replace
                            .push(Path::attribute("mount").index(index).field("path"));
                    }
                }
                if behaviour(&config) == "replace for nothing" {
                    cx.requires_replace.push(Path::attribute("nowhere"));
                }
                if planned != prior {
                    planned.revision = Attr::Unknown;
                }
                Ok(Some(planned))
            }
            Change::Delete { prior } => match behaviour(&prior).as_str() {
                "protected" => Err(Errors::one("Protected", "Take the protection off first.")),
                // Ignored: a deletion stays one.
                _ => Ok(Some(prior)),
            },
        }
    }

    async fn create(
        &self,
        cx: &mut Context,
        config: Thing,
        planned: Thing,
        state: &mut Slot<Thing>,
    ) -> Result<(), Errors> {
        cx.private.0.insert("made".to_owned(), json!(1));
        self.world.facts().token = config.token.known().map(|token| token.expose().clone());
        let (name, id) = (Self::name_of(&planned), format!("id-{}", Self::name_of(&planned)));
        let mut made = planned;
        match behaviour(&config).as_str() {
            "panic in create" => panic!("hunter2"),
            "fail with nothing" => return Err(Errors::one("Cannot make it", "The shelf is full.")),
            "fail with something" => {
                made.id = Attr::Known(id);
                state.put(made);
                return Err(Errors::one("Half made", "The paint ran out."));
            }
            "leave nothing" => return Ok(()),
            "leave unknowns" => {
                state.put(made);
                return Ok(());
            }
            "store the token" => made.token = config.token,
            "wait at the gate" => {
                let gate = self.world.gate();
                gate.arrived.notify_one();
                gate.open.notified().await;
            }
            "until stopped" => {
                self.world.gate().arrived.notify_one();
                cx.stop.cancelled().await;
                return Err(Errors::one("Stopped", "It was interrupted before the first write."));
            }
            _ => {}
        }
        self.world.facts().things.insert(id.clone(), name);
        settle(&mut made, &id, 1);
        state.put(made);
        Ok(())
    }

    async fn read(&self, cx: &mut Context, state: &mut Slot<Thing>) -> Result<(), Errors> {
        let Some(thing) = state.get().cloned() else { return Ok(()) };
        match behaviour(&thing).as_str() {
            "panic in read" => panic!("hunter2"),
            "fail to read" => return Err(Errors::one("Cannot look", "It is dark.")),
            _ => {}
        }
        let id = thing.id.known().cloned().unwrap_or_default();
        cx.private.0.insert("seen".to_owned(), json!(true));
        if !self.world.facts().things.contains_key(&id) {
            state.clear();
        }
        Ok(())
    }

    async fn update(
        &self,
        cx: &mut Context,
        config: Thing,
        prior: Thing,
        planned: Thing,
        state: &mut Slot<Thing>,
    ) -> Result<(), Errors> {
        cx.private.0.insert("updated".to_owned(), json!(true));
        let revision = prior.revision.known().copied().unwrap_or_default() + 1;
        let id = prior.id.known().cloned().unwrap_or_default();
        let mut made = planned;
        match behaviour(&config).as_str() {
            "panic in update" => panic!("hunter2"),
            "fail early" => return Err(Errors::one("Cannot change it", "It is glued.")),
            "fail late" => {
                settle(&mut made, &id, revision);
                made.color = Attr::Known("half red".to_owned());
                state.put(made);
                return Err(Errors::one("Half changed", "The paint ran out."));
            }
            "lose it" => {
                state.clear();
                return Ok(());
            }
            _ => {}
        }
        settle(&mut made, &id, revision);
        state.put(made);
        Ok(())
    }

    async fn delete(
        &self,
        _cx: &mut Context,
        prior: Thing,
        _state: &mut Slot<Thing>,
    ) -> Result<(), Errors> {
        match behaviour(&prior).as_str() {
            "panic in delete" => panic!("hunter2"),
            "glued" => return Err(Errors::one("Cannot remove it", "It is glued.")),
            _ => {}
        }
        self.world.facts().things.remove(prior.id.known().map_or("", String::as_str));
        Ok(())
    }

    async fn import(&self, cx: &mut Context, target: ImportTarget) -> Result<Thing, Errors> {
        let name = match target {
            ImportTarget::Id(id) => id,
            ImportTarget::Identity(Value::Map(identity)) => match identity.get("name") {
                Some(Value::String(name)) => name.clone(),
                _ => return Err(Errors::one("No name", "The identity has no name.")),
            },
            ImportTarget::Identity(_) => return Err(Errors::one("No name", "It is no object.")),
        };
        cx.private.0.insert("imported".to_owned(), json!(true));
        Ok(Thing {
            name: Attr::Known(name.clone()),
            id: Attr::Known(format!("id-{name}")),
            size: Attr::Null,
            ratio: Attr::Null,
            color: Attr::Null,
            revision: Attr::Null,
            tags: Attr::Null,
            labels: Attr::Null,
            extra: Attr::Null,
            secret: Attr::Null,
            token: Attr::Known(Secret::new("must not be stored".to_owned())),
            old: Attr::Null,
            behave: Attr::Null,
            network: None,
            rule: Vec::new(),
            mount: Attr::Known(Vec::new()),
        })
    }

    fn upgrade(
        &self,
        from_version: i64,
        mut state: serde_json::Value,
    ) -> Result<serde_json::Value, Errors> {
        assert_eq!(from_version, 0, "the server asks for older versions alone");
        assert_ne!(state["title"], "panic", "hunter2");
        let Some(fields) = state.as_object_mut() else {
            return Err(Errors::one("Not an object", "The state of version 0 is no object."));
        };
        let title = fields.remove("title").unwrap_or_default();
        fields.insert("name".to_owned(), title);
        Ok(state)
    }

    fn move_from(
        &self,
        source_provider: &str,
        source_type: &str,
        source_version: i64,
        state: &serde_json::Value,
    ) -> Option<Result<serde_json::Value, Errors>> {
        if !source_provider.ends_with("/example/blocks") || source_type != "blocks_brick" {
            return None;
        }
        if source_version != 3 {
            return Some(Err(Errors::one("Unknown brick", "Only bricks of version 3 are known.")));
        }
        Some(Ok(json!({ "name": state["label"], "id": state["id"], "token": "not to be stored" })))
    }
}
