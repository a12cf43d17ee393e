// SPDX-License-Identifier: MPL-2.0
//! `toy_lookup`: a data source.

use serde::{Deserialize, Serialize};
use tfplugin::context::Context;
use tfplugin::data_source::DataSource;
use tfplugin::diagnostic::Errors;
use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::{Attr, Path, Type};

use super::World;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub name: Attr<String>,
    pub id: Attr<String>,
    pub exists: Attr<bool>,
}

pub struct Lookup {
    pub world: World,
}

impl DataSource for Lookup {
    type Model = Found;
    const TYPE: &'static str = "toy_lookup";

    fn schema() -> Schema {
        Schema::new(
            Block::new("Looks for a thing.")
                .attribute("name", Attribute::required(Type::String, "Its name."))
                .attribute("id", Attribute::computed(Type::String, "Its id."))
                .attribute("exists", Attribute::computed(Type::Bool, "Whether it exists.")),
        )
    }

    async fn validate(&self, _cx: &mut Context, config: &Found) -> Result<(), Errors> {
        match config.name.known() {
            Some(name) if name.is_empty() => {
                Err(Errors::at(Path::attribute("name"), "Empty name", "Things have names."))
            }
            _ => Ok(()),
        }
    }

    async fn read(&self, cx: &mut Context, mut config: Found) -> Result<Found, Errors> {
        let name = config.name.known().cloned().unwrap_or_default();
        assert_ne!(name, "panic", "hunter2");
        if name == "unknown" {
            config.id = Attr::Unknown;
            return Ok(config);
        }
        let facts = self.world.facts();
        let id = facts.things.iter().find(|(_, n)| **n == name).map(|(id, _)| id.clone());
        if id.is_none() {
            cx.warn("No such thing", format!("There is no thing \"{name}\"."));
        }
        config.exists = Attr::Known(id.is_some());
        config.id = id.into();
        Ok(config)
    }
}
