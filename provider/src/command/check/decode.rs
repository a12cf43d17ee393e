// SPDX-License-Identifier: MPL-2.0
//! JSON as a configuration: what the CLI would refuse is refused, and what is left out is null.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tfplugin::schema::{Block, Mode, NestedBlock, Nesting};
use tfplugin::value::{decode_json, from_value};

/// What does not fit the schema. It holds no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    at: String,
    why: String,
}

// === impl Misfit ===

impl Misfit {
    fn new(at: &str, why: impl Into<String>) -> Self {
        Self { at: at.to_owned(), why: why.into() }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.at, self.why)
    }
}

/// Reads a model out of JSON that stands in for a block of configuration.
pub(super) fn decode<T: DeserializeOwned>(
    at: &str,
    json: &Json,
    block: &Block,
) -> Result<T, Misfit> {
    fits(at, json, block)?;
    let text = json.to_string();
    let mut value = decode_json(text.as_bytes(), &block.ty())
        .map_err(|error| Misfit::new(at, format!("does not fit: {error}")))?;
    block.complete(&mut value);
    from_value(value).map_err(|error| Misfit::new(at, format!("does not fit: {error}")))
}

/// What the types do not say: names that are not in the schema, and who may write what.
fn fits(at: &str, json: &Json, block: &Block) -> Result<(), Misfit> {
    let Json::Object(object) = json else {
        return Err(Misfit::new(at, "must be an object"));
    };
    for (name, value) in object {
        let at = format!("{at}.{name}");
        match (block.attributes.get(name), block.blocks.get(name)) {
            (Some(attribute), _) if attribute.mode == Mode::Computed => {
                return Err(Misfit::new(&at, "is an answer and cannot be given"));
            }
            (Some(_), _) => {}
            (_, Some(nested)) => fits_nested(&at, value, nested)?,
            _ => return Err(Misfit::new(&at, "is not in the schema")),
        }
    }
    let is_there = |name: &String| object.get(name).is_some_and(|value| !value.is_null());
    let mut required = block.attributes.iter().filter(|(_, it)| it.mode == Mode::Required);
    match required.find(|(name, _)| !is_there(name)) {
        Some((name, _)) => Err(Misfit::new(&format!("{at}.{name}"), "is required")),
        None => Ok(()),
    }
}

fn fits_nested(at: &str, json: &Json, nested: &NestedBlock) -> Result<(), Misfit> {
    match (nested.nesting, json) {
        (_, Json::Null) => Ok(()),
        (Nesting::Single, json) => fits(at, json, &nested.block),
        (Nesting::List | Nesting::Set, Json::Array(all)) => {
            let mut each = all.iter().enumerate();
            each.try_for_each(|(index, json)| fits(&format!("{at}[{index}]"), json, &nested.block))
        }
        (Nesting::List | Nesting::Set, _) => Err(Misfit::new(at, "must be a list of objects")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;
    use tfplugin::data_source::DataSource as _;

    use super::*;
    use crate::data_source::preflight::{Model, PreflightSource};

    fn read(json: &Json) -> Result<Model, String> {
        decode("p", json, &PreflightSource::schema().block).map_err(|misfit| misfit.to_string())
    }

    #[test]
    fn what_is_left_out_is_null_or_empty() {
        let model = read(&json!({
            "app": "erp",
            "redis": [{"host": "127.0.0.1", "port": 6380}],
            "required_keys": ["A", "B"],
        }))
        .unwrap();
        assert_eq!(model.app.known().map(String::as_str), Some("erp"));
        assert!(model.env.is_null() && model.names.is_none() && model.http.is_empty());
        assert_eq!(model.redis[0].port.known(), Some(&6380));
        assert!(model.redis[0].tls.is_null());
    }

    #[test]
    fn what_the_cli_would_refuse_is_refused() {
        for (json, says) in [
            (json!([]), "`p` must be an object"),
            (json!({}), "`p.app` is required"),
            (json!({"app": null}), "`p.app` is required"),
            (json!({"app": "erp", "ok": true}), "`p.ok` is an answer and cannot be given"),
            (json!({"app": "erp", "redsi": []}), "`p.redsi` is not in the schema"),
            (json!({"app": "erp", "redis": {}}), "`p.redis` must be a list of objects"),
            (json!({"app": "erp", "redis": [{}]}), "`p.redis[0].host` is required"),
            (json!({"app": "erp", "redis": [{"host": "h", "x": 1}]}), "`p.redis[0].x` is not in"),
            (json!({"app": "erp", "names": {"nme": "x"}}), "`p.names.nme` is not in the schema"),
            (json!({"app": "erp", "probe": "canary"}), "`p` does not fit: "),
        ] {
            let told = read(&json).unwrap_err();
            assert!(told.starts_with(says), "{json}: {told}");
            assert!(!told.contains("canary"), "{told}");
        }
    }
}
