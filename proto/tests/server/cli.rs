// SPDX-License-Identifier: MPL-2.0
//! Plays the CLI: the client's end of the protocol, and what core does around it.

use std::sync::Mutex;

use hyper_util::rt::TokioIo;
use tfplugin::provider::Provider;
use tfplugin::schema::{Block, Nesting, Schema};
use tfplugin::server::serve_in_process;
use tfplugin::stop::StopHandle;
use tfplugin::value::{Type, Value, decode_msgpack, encode_msgpack};
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use crate::wire::tfplugin6 as wire;
use wire::attribute_path::step::Selector;
use wire::provider_client::ProviderClient;

pub type Client = ProviderClient<Channel>;

const LIMIT: usize = 256 << 20;

/// Starts a provider in this process and connects to it.
pub async fn connect<P: Provider>(provider: P, stop: StopHandle) -> Client {
    ProviderClient::new(channel(provider, stop).await)
        .max_decoding_message_size(LIMIT)
        .max_encoding_message_size(LIMIT)
}

/// Starts a provider in this process and opens a channel to it.
pub async fn channel<P: Provider>(provider: P, stop: StopHandle) -> Channel {
    let end = Mutex::new(Some(TokioIo::new(serve_in_process(provider, stop))));
    let connector = service_fn(move |_| {
        let end = end.lock().unwrap().take().ok_or(std::io::ErrorKind::NotConnected);
        async move { end.map_err(std::io::Error::from) }
    });
    Endpoint::from_static("http://in.process").connect_with_connector(connector).await.unwrap()
}

/// An object of a block's type: what is not given is null, a repeated block empty.
pub fn object(block: &Block, given: &[(&str, Value)]) -> Value {
    let mut fields: std::collections::BTreeMap<String, Value> =
        block.attributes.keys().map(|name| (name.clone(), Value::Null)).collect();
    for (name, nested) in &block.blocks {
        let none = match nested.nesting {
            Nesting::Single => Value::Null,
            Nesting::List | Nesting::Set => Value::List(Vec::new()),
        };
        fields.insert(name.clone(), none);
    }
    for (name, value) in given {
        let known = fields.insert((*name).to_owned(), value.clone());
        assert!(known.is_some(), "the schema has no {name}");
    }
    Value::Map(fields)
}

/// The same object with some fields changed.
pub fn with(object: &Value, changed: &[(&str, Value)]) -> Value {
    let Value::Map(mut fields) = object.clone() else { panic!("not an object: {object:?}") };
    for (name, value) in changed {
        let known = fields.insert((*name).to_owned(), value.clone());
        assert!(known.is_some(), "the object has no {name}");
    }
    Value::Map(fields)
}

/// One field of an object.
pub fn field<'v>(object: &'v Value, name: &str) -> &'v Value {
    match object {
        Value::Map(fields) => &fields[name],
        other => panic!("not an object: {other:?}"),
    }
}

pub fn dynamic(value: &Value, ty: &Type) -> wire::DynamicValue {
    wire::DynamicValue { msgpack: encode_msgpack(value, ty).unwrap(), json: Vec::new() }
}

pub fn value(dynamic: Option<&wire::DynamicValue>, ty: &Type) -> Value {
    let dynamic = dynamic.expect("the answer has a value");
    assert!(dynamic.json.is_empty(), "answers are in msgpack");
    assert!(!dynamic.msgpack.is_empty(), "null is written, not left out");
    decode_msgpack(&dynamic.msgpack, ty).unwrap()
}

/// What core proposes: the configuration, and the prior value of what is computed and not configured.
pub fn propose(block: &Block, prior: &Value, config: &Value) -> Value {
    let (Value::Map(config), Value::Map(prior)) = (config, prior) else { return config.clone() };
    let mut proposed = config.clone();
    for (name, attribute) in &block.attributes {
        use tfplugin::schema::Mode::{Computed, OptionalComputed};
        if matches!(attribute.mode, Computed | OptionalComputed) && config[name] == Value::Null {
            proposed.insert(name.clone(), prior[name].clone());
        }
    }
    for (name, nested) in &block.blocks {
        let merged = match (&prior[name], &config[name]) {
            (Value::List(prior), Value::List(config)) if nested.nesting == Nesting::List => {
                let merge = |(index, config)| {
                    propose(&nested.block, prior.get(index).unwrap_or(&Value::Null), config)
                };
                Value::List(config.iter().enumerate().map(merge).collect())
            }
            (Value::List(prior), Value::List(config)) => {
                let merge = |config: &Value| {
                    let merged = |prior: &Value| propose(&nested.block, prior, config);
                    let same = prior.iter().find(|prior| merged(prior) == **prior);
                    same.cloned().unwrap_or_else(|| config.clone())
                };
                Value::List(config.iter().map(merge).collect())
            }
            (prior, config) => propose(&nested.block, prior, config),
        };
        proposed.insert(name.clone(), merged);
    }
    Value::Map(proposed)
}

/// A diagnostic as the tests compare it: `error place: summary`.
pub fn said(diagnostics: &[wire::Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let text = format!("{} {}", diagnostic.summary, diagnostic.detail);
            assert!(!text.contains("hunter2"), "a panic's message must not be shown: {text}");
            let severity = match diagnostic.severity() {
                wire::diagnostic::Severity::Error => "error",
                wire::diagnostic::Severity::Warning => "warning",
                wire::diagnostic::Severity::Invalid => panic!("no severity"),
            };
            let place = diagnostic.attribute.as_ref().map(place).unwrap_or_default();
            let gap = if place.is_empty() { "" } else { " " };
            format!("{severity}{gap}{place}: {}", diagnostic.summary)
        })
        .collect()
}

pub fn place(path: &wire::AttributePath) -> String {
    path.steps
        .iter()
        .map(|step| match step.selector.as_ref().expect("a step has a selector") {
            Selector::AttributeName(name) => format!(".{name}"),
            Selector::ElementKeyString(key) => format!("[{key:?}]"),
            Selector::ElementKeyInt(index) => format!("[{index}]"),
        })
        .collect()
}

/// One resource type as core handles it.
pub struct Managed {
    pub client: Client,
    pub name: &'static str,
    pub schema: Schema,
    pub ty: Type,
}

/// What became of a plan.
#[derive(Debug)]
pub struct Planned {
    pub state: Value,
    pub replace: Vec<String>,
    pub private: Vec<u8>,
    pub identity: Option<wire::ResourceIdentityData>,
}

/// What became of an apply.
#[derive(Debug)]
pub struct Applied {
    pub state: Value,
    pub private: Vec<u8>,
    pub said: Vec<String>,
    pub identity: Option<wire::ResourceIdentityData>,
}

impl Managed {
    pub fn new(client: Client, name: &'static str, schema: Schema) -> Self {
        let ty = schema.block.ty();
        Self { client, name, schema, ty }
    }

    /// An object of this type.
    pub fn object(&self, given: &[(&str, Value)]) -> Value {
        object(&self.schema.block, given)
    }

    /// An element of one of its blocks.
    pub fn element(&self, block: &str, given: &[(&str, Value)]) -> Value {
        object(&self.schema.block.blocks[block].block, given)
    }

    pub async fn validate(&self, config: &Value, write_only_allowed: bool) -> Vec<String> {
        let request = wire::validate_resource_config::Request {
            type_name: self.name.to_owned(),
            config: Some(dynamic(config, &self.ty)),
            client_capabilities: Some(capabilities(write_only_allowed)),
        };
        let answer = self.client.clone().validate_resource_config(request).await.unwrap();
        said(&answer.into_inner().diagnostics)
    }

    /// Plans as core does; an error is what was said.
    pub async fn plan(
        &self,
        prior: &Value,
        config: &Value,
        private: &[u8],
    ) -> Result<Planned, Vec<String>> {
        // As a CLI repeats a plan at apply: deferral is offered, write-only values are not spoken of.
        let offered = wire::ClientCapabilities {
            deferral_allowed: true,
            ..wire::ClientCapabilities::default()
        };
        self.plan_offering(prior, config, private, offered).await
    }

    /// The same of a CLI with other capabilities.
    pub async fn plan_offering(
        &self,
        prior: &Value,
        config: &Value,
        private: &[u8],
        offered: wire::ClientCapabilities,
    ) -> Result<Planned, Vec<String>> {
        let proposed = propose(&self.schema.block, prior, config);
        let request = wire::plan_resource_change::Request {
            type_name: self.name.to_owned(),
            prior_state: Some(dynamic(prior, &self.ty)),
            proposed_new_state: Some(dynamic(&proposed, &self.ty)),
            config: Some(dynamic(config, &self.ty)),
            prior_private: private.to_vec(),
            client_capabilities: Some(offered),
            ..wire::plan_resource_change::Request::default()
        };
        let answer = self.client.clone().plan_resource_change(request).await.unwrap().into_inner();
        assert!(answer.deferred.is_none());
        assert!(!answer.legacy_type_system);
        let said = said(&answer.diagnostics);
        if said.iter().any(|said| said.starts_with("error")) {
            return Err(said);
        }
        Ok(Planned {
            state: value(answer.planned_state.as_ref(), &self.ty),
            replace: answer.requires_replace.iter().map(place).collect(),
            private: answer.planned_private,
            identity: answer.planned_identity,
        })
    }

    pub async fn apply(
        &self,
        prior: &Value,
        planned: &Value,
        config: &Value,
        private: &[u8],
    ) -> Applied {
        let request = self.apply_request(prior, planned, config, private);
        let answer = self.client.clone().apply_resource_change(request).await.unwrap().into_inner();
        assert!(!answer.legacy_type_system);
        Applied {
            state: value(answer.new_state.as_ref(), &self.ty),
            private: answer.private,
            said: said(&answer.diagnostics),
            identity: answer.new_identity,
        }
    }

    pub fn apply_request(
        &self,
        prior: &Value,
        planned: &Value,
        config: &Value,
        private: &[u8],
    ) -> wire::apply_resource_change::Request {
        wire::apply_resource_change::Request {
            type_name: self.name.to_owned(),
            prior_state: Some(dynamic(prior, &self.ty)),
            planned_state: Some(dynamic(planned, &self.ty)),
            config: Some(dynamic(config, &self.ty)),
            planned_private: private.to_vec(),
            ..wire::apply_resource_change::Request::default()
        }
    }

    /// Plans and applies; nothing may go wrong.
    pub async fn change(&self, prior: &Value, config: &Value, private: &[u8]) -> Applied {
        let planned = self.plan(prior, config, private).await.unwrap();
        let applied = self.apply(prior, &planned.state, config, &planned.private).await;
        assert_eq!(applied.said, [""; 0], "the apply is clean");
        applied
    }

    pub async fn read(&self, state: &Value, private: &[u8]) -> Applied {
        let request = wire::read_resource::Request {
            type_name: self.name.to_owned(),
            current_state: Some(dynamic(state, &self.ty)),
            private: private.to_vec(),
            ..wire::read_resource::Request::default()
        };
        let answer = self.client.clone().read_resource(request).await.unwrap().into_inner();
        assert!(answer.deferred.is_none());
        Applied {
            state: value(answer.new_state.as_ref(), &self.ty),
            private: answer.private,
            said: said(&answer.diagnostics),
            identity: answer.new_identity,
        }
    }
}

pub fn capabilities(write_only_attributes_allowed: bool) -> wire::ClientCapabilities {
    wire::ClientCapabilities {
        write_only_attributes_allowed,
        ..wire::ClientCapabilities::default()
    }
}

/// Private bytes as JSON.
pub fn private(bytes: &[u8]) -> serde_json::Value {
    if bytes.is_empty() {
        return serde_json::Value::Null;
    }
    serde_json::from_slice(bytes).unwrap()
}
