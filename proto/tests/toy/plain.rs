// SPDX-License-Identifier: MPL-2.0
//! A second provider: another shape, with nothing but what must be written.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::provider::Provider;
use tfplugin::resource::{Change, Resource, Slot};
use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::server::Registry;
use tfplugin::value::{Attr, Type};

pub struct Plain;

/// Offers its note twice, which is a mistake.
pub struct Stutter;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Empty {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    pub text: Attr<String>,
    pub length: Attr<u32>,
}

pub struct NoteResource;

impl Provider for Plain {
    type Model = Empty;

    fn schema() -> Schema {
        Schema::new(Block::new("Notes."))
    }

    fn offer(self: Arc<Self>, registry: &mut Registry) {
        registry.resource(NoteResource);
    }

    async fn configure(&self, _cx: &mut Context, _config: Empty) -> Result<(), Errors> {
        Ok(())
    }
}

impl Provider for Stutter {
    type Model = Empty;

    fn schema() -> Schema {
        Plain::schema()
    }

    fn offer(self: Arc<Self>, registry: &mut Registry) {
        registry.resource(NoteResource).resource(NoteResource);
    }

    async fn configure(&self, _cx: &mut Context, _config: Empty) -> Result<(), Errors> {
        Ok(())
    }
}

impl Resource for NoteResource {
    type Model = Note;
    const TYPE: &'static str = "plain_note";

    fn schema() -> Schema {
        Schema::new(
            Block::new("A note.")
                .attribute("text", Attribute::required(Type::String, "What it says."))
                .attribute("length", Attribute::computed(Type::Number, "How much it says.")),
        )
    }

    async fn plan(&self, _cx: &mut Context, change: Change<Note>) -> Result<Option<Note>, Errors> {
        Ok(match change {
            Change::Create { proposed, .. } | Change::Update { proposed, .. } => {
                let length = match &proposed.text {
                    Attr::Known(text) => Attr::Known(u32::try_from(text.len()).unwrap_or(u32::MAX)),
                    Attr::Null | Attr::Unknown => Attr::Unknown,
                };
                Some(Note { length, ..proposed })
            }
            Change::Delete { .. } => None,
        })
    }

    async fn create(
        &self,
        _cx: &mut Context,
        _config: Note,
        planned: Note,
        state: &mut Slot<Note>,
    ) -> Result<(), Errors> {
        state.put(planned);
        Ok(())
    }

    async fn read(&self, _cx: &mut Context, _state: &mut Slot<Note>) -> Result<(), Errors> {
        Ok(())
    }

    async fn update(
        &self,
        _cx: &mut Context,
        _config: Note,
        _prior: Note,
        planned: Note,
        state: &mut Slot<Note>,
    ) -> Result<(), Errors> {
        state.put(planned);
        Ok(())
    }

    async fn delete(
        &self,
        _cx: &mut Context,
        _prior: Note,
        _state: &mut Slot<Note>,
    ) -> Result<(), Errors> {
        Ok(())
    }
}
