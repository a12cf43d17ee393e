// SPDX-License-Identifier: MPL-2.0
//! A provider that does nothing, for `make bench`: what the CLI itself needs for resources that are not its own.
//!
//! It is served as the provider is, and keeps what it is given as it came. `appenv_narrow` has one attribute: what a
//! plan of it takes beyond `terraform_data`, no provider outside the CLI's process can save. `appenv_twenty` has twenty
//! more, all unset: the difference is what the CLI needs for each of them. `appenv_app_instance`
//! has the schema of ours, and plans the state that ours has made: what it takes is the price of the schema alone.

use std::process::ExitCode;
use std::sync::Arc;

use appenv::provider::Appenv;
use appenv::resource::app_instance::AppInstance;
use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::provider::Provider;
use tfplugin::resource::{Change, Resource, Slot};
use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::serve::{Options, serve};
use tfplugin::server::Registry;
use tfplugin::value::{Type, Value};

fn main() -> ExitCode {
    let address = "registry.terraform.io/arcodange/appenv".to_owned();
    serve(Floor, &Options { address, debug: false })
}

struct Floor;

impl Provider for Floor {
    type Model = Value;

    fn schema() -> Schema {
        Appenv::schema()
    }

    fn offer(self: Arc<Self>, registry: &mut Registry) {
        registry.resource(Narrow).resource(Twenty).resource(Wide);
    }

    async fn configure(&self, _cx: &mut Context, _config: Value) -> Result<(), Errors> {
        Ok(())
    }
}

/// Keeps its objects as they are wished: of a model it knows nothing.
macro_rules! keeper {
    ($resource:ident, $type:expr, $schema:expr) => {
        struct $resource;

        impl Resource for $resource {
            type Model = Value;

            const TYPE: &'static str = $type;

            fn schema() -> Schema {
                $schema
            }

            async fn plan(
                &self,
                _cx: &mut Context,
                change: Change<Value>,
            ) -> Result<Option<Value>, Errors> {
                Ok(match change {
                    Change::Create { proposed, .. } | Change::Update { proposed, .. } => {
                        Some(proposed)
                    }
                    Change::Delete { .. } => None,
                })
            }

            async fn create(
                &self,
                _cx: &mut Context,
                _config: Value,
                planned: Value,
                state: &mut Slot<Value>,
            ) -> Result<(), Errors> {
                state.put(planned);
                Ok(())
            }

            async fn read(
                &self,
                _cx: &mut Context,
                _state: &mut Slot<Value>,
            ) -> Result<(), Errors> {
                Ok(())
            }

            async fn update(
                &self,
                _cx: &mut Context,
                _config: Value,
                _prior: Value,
                planned: Value,
                state: &mut Slot<Value>,
            ) -> Result<(), Errors> {
                state.put(planned);
                Ok(())
            }

            async fn delete(
                &self,
                _cx: &mut Context,
                _prior: Value,
                _state: &mut Slot<Value>,
            ) -> Result<(), Errors> {
                Ok(())
            }
        }
    };
}

keeper!(Narrow, "appenv_narrow", Schema::new(one()));
keeper!(Twenty, "appenv_twenty", Schema::new(twenty_more()));
keeper!(Wide, AppInstance::TYPE, AppInstance::schema());

fn one() -> Block {
    Block::new("One value.").attribute("input", Attribute::required(Type::String, "It."))
}

fn twenty_more() -> Block {
    ('a'..='t').fold(one(), |block, letter| {
        let unset = Attribute::optional(Type::String, "Never set.");
        block.attribute(&format!("unset_{letter}"), unset)
    })
}
