// SPDX-License-Identifier: MPL-2.0
//! `toy_lease`: an ephemeral resource that is renewed and closed.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::ephemeral::{Ephemeral, Opened};
use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::{Attr, Secret, Type};

use super::World;

/// When a lease is to be renewed first; each renewal adds a minute.
pub const RENEW_AT: SystemTime = SystemTime::UNIX_EPOCH;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lease {
    pub name: Attr<String>,
    pub value: Attr<Secret<String>>,
}

pub struct LeaseResource {
    pub world: World,
}

impl Ephemeral for LeaseResource {
    type Model = Lease;
    const TYPE: &'static str = "toy_lease";

    fn schema() -> Schema {
        Schema::new(
            Block::new("Borrows a thing.")
                .attribute("name", Attribute::required(Type::String, "Whose."))
                .attribute("value", Attribute::computed(Type::String, "The key.").sensitive()),
        )
    }

    async fn open(&self, cx: &mut Context, mut config: Lease) -> Result<Opened<Lease>, Errors> {
        let name = config.name.known().cloned().unwrap_or_default();
        match name.as_str() {
            "panic" => panic!("hunter2"),
            "taken" => return Err(Errors::one("Taken", "Somebody else has it.")),
            "other" => config.name = Attr::Known("another".to_owned()),
            _ => {}
        }
        self.world.facts().leases.push(format!("open {name}"));
        cx.private.0.insert("lease".to_owned(), json!(name));
        cx.private.0.insert("renewals".to_owned(), json!(0));
        config.value = Attr::Known(Secret::new(format!("key of {name}")));
        Ok(Opened { result: config, renew_at: Some(RENEW_AT) })
    }

    async fn renew(&self, cx: &mut Context) -> Result<Option<SystemTime>, Errors> {
        let renewals = cx.private.0.get("renewals").and_then(serde_json::Value::as_u64);
        let renewals = renewals.ok_or_else(|| Errors::one("Lost", "No lease to renew."))? + 1;
        cx.private.0.insert("renewals".to_owned(), json!(renewals));
        self.world.facts().leases.push(format!("renew {renewals}"));
        Ok(Some(RENEW_AT + Duration::from_secs(60 * renewals)))
    }

    async fn close(&self, cx: &mut Context) -> Result<(), Errors> {
        let of = |key: &str| cx.private.0.get(key).cloned().unwrap_or_default();
        let closed = format!("close {} after {}", of("lease"), of("renewals"));
        self.world.facts().leases.push(closed);
        Ok(())
    }
}
