// SPDX-License-Identifier: MPL-2.0
//! The planned state: a function of configuration and provider configuration alone.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::diagnostic::Errors;
use tfplugin::value::Attr;

use super::model::Model;
use super::wanted::Wanted;
use super::{report, wish};
use crate::configured::Configured;
use crate::naming::Coordinate;
use crate::plan::{self, REGISTRATION, Spec};

/// The planned state but for `generation`.
pub fn planned(
    configured: &Configured,
    config: &Model,
    mut model: Model,
    coordinate: &Coordinate,
    wanted: Option<&Wanted>,
    spec: Option<&Spec>,
) -> Result<Model, Errors> {
    let settings = &configured.settings;
    let production = settings.environments.is_production(coordinate.env());
    let facets = settings.facets();
    model.env = Attr::Known(coordinate.env().to_owned());
    model.id = Attr::Known(report::id(coordinate));
    model.production = Attr::Known(production);
    model.facets = Attr::Known(facets.iter().map(|&facet| Attr::Known(facet.to_owned())).collect());
    model.deletion_protection = match &config.deletion_protection {
        Attr::Null => Attr::Known(production),
        given => given.clone(),
    };
    if let (Some(wanted), Some(spec)) = (wanted, spec) {
        model.instance = Attr::Known(spec.names.instance.clone());
        model.state_prefix = Attr::Known(spec.names.state_prefix.clone());
        model.resolved_names = Attr::Known(wish::resolved(&spec.names));
        model.spec_digest = Attr::Known(wanted.digest());
        model.objects = Attr::Known(all_ok(spec));
    } else {
        partly(configured, &mut model, coordinate)?;
    }
    Ok(model)
}

/// The planned state where some inputs are unknown: what does not depend on them is certain all the same.
fn partly(
    configured: &Configured,
    model: &mut Model,
    coordinate: &Coordinate,
) -> Result<(), Errors> {
    let (known, unknown) = Wanted::read_known(model);
    let unknown: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    let waits_for = |inputs: &[&str]| unknown.iter().any(|path| inputs.contains(&path.as_str()));
    let spec = wish::known(coordinate, model, &configured.settings)?;
    let mut names = wish::resolved(&spec.names);
    if waits_for(&["services"]) {
        names.services = Attr::Unknown;
        names.log_groups = Attr::Unknown;
    }
    // What stands in the place of the convention's names.
    let is_renamed = unknown.iter().any(|path| path.starts_with("names."));
    model.resolved_names = if is_renamed { Attr::Unknown } else { Attr::Known(names) };
    model.instance = Attr::Known(spec.names.instance.clone());
    model.state_prefix = if waits_for(&["names.state_prefix"]) {
        Attr::Unknown
    } else {
        Attr::Known(spec.names.state_prefix.clone())
    };
    let promoted = [
        "release",
        "services",
        "database.extensions",
        "database.encoding",
        "database.locale",
        "database.template",
    ];
    model.spec_digest =
        if waits_for(&promoted) { Attr::Unknown } else { Attr::Known(known.digest()) };
    // Extensions, links and an ops policy that is not shared are objects of their own.
    let kinds = ["database.extensions", "vault.ops_scope", "env_files"];
    model.objects = if waits_for(&kinds) { Attr::Unknown } else { Attr::Known(all_ok(&spec)) };
    Ok(())
}

/// `objects` as every plan says it.
fn all_ok(spec: &Spec) -> BTreeMap<String, Attr<String>> {
    object_keys(spec).into_iter().map(|key| (key, Attr::Known("ok".to_owned()))).collect()
}

/// Every line of `objects` that an instance has, the registration's own included.
pub fn object_keys(spec: &Spec) -> BTreeSet<String> {
    let mut keys = plan::object_keys(spec);
    if spec.is_registered() {
        keys.insert(REGISTRATION.to_owned());
    }
    keys
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use tfplugin::schema::{Block, Mode};
    use tfplugin::value::{Secret, Value, from_value, to_value};

    use super::super::schema;
    use super::super::wanted::tests::whole;
    use super::*;
    use crate::settings::model::{HostModel, Model as Given, PostgresModel, VaultModel};
    use crate::settings::{Settings, model};
    use crate::world::World;

    fn text(text: &str) -> Attr<String> {
        Attr::Known(text.to_owned())
    }

    /// A provider with every facet that has objects of its own.
    fn configured() -> Configured {
        let world = World::with(|_| None, "/nonexistent");
        let kubernetes = model::KubernetesModel { mount: text("kubernetes") };
        let given = Given {
            organization: text("arcodange-org"),
            domain: text("arcodange.lab"),
            owner: text("team"),
            postgres: Some(PostgresModel {
                host: text("db.invalid"),
                user: text("admin"),
                ..PostgresModel::default()
            }),
            vault: Some(VaultModel {
                address: text("https://vault.invalid"),
                token: Attr::Known(Secret::new("t".to_owned())),
                kubernetes: Some(kubernetes),
                ..VaultModel::default()
            }),
            host: Some(HostModel { root: text("/opt"), ..HostModel::default() }),
            ..Given::default()
        };
        Configured::new(Settings::read(&given, &world).unwrap(), Arc::new(world))
    }

    fn plan(configured: &Configured, value: &Value) -> BTreeMap<String, Value> {
        let config: Model = from_value(value.clone()).unwrap();
        let coordinate = configured.settings.environments.coordinate("erp", "sandbox").unwrap();
        let wanted = Wanted::read(&config).ok();
        let facets = configured.settings.facets();
        let spec = wanted
            .as_ref()
            .map(|wanted| wish::spec(&coordinate, wanted, &configured.settings, &facets).unwrap());
        let model = config.clone();
        let planned =
            planned(configured, &config, model, &coordinate, wanted.as_ref(), spec.as_ref());
        let Value::Map(all) = to_value(&planned.unwrap(), &schema::schema().block.ty()).unwrap()
        else {
            panic!("an instance is a map")
        };
        all
    }

    /// Where `waiting` promises what does not hold for both others.
    fn promised(at: &str, waiting: &Value, one: &Value, other: &Value, out: &mut Vec<String>) {
        match (waiting, one, other) {
            (Value::Unknown, _, _) => {}
            (Value::Map(waiting), Value::Map(one), Value::Map(other))
                if waiting.keys().eq(one.keys()) && one.keys().eq(other.keys()) =>
            {
                for (key, value) in waiting {
                    promised(&format!("{at}.{key}"), value, &one[key], &other[key], out);
                }
            }
            _ if waiting == one && one == other => {}
            _ => out.push(at.to_owned()),
        }
    }

    /// Every input that may be unknown, by its place.
    fn inputs(block: &Block, place: &[String], out: &mut Vec<Vec<String>>) {
        let at = |name: &String| [place, std::slice::from_ref(name)].concat();
        let written = block.attributes.iter().filter(|(_, a)| a.mode != Mode::Computed);
        out.extend(written.map(|(name, _)| at(name)));
        for (name, nested) in &block.blocks {
            inputs(&nested.block, &at(name), out);
        }
    }

    /// The same with another value at a place; `None` where a block of the way is not there.
    fn with(value: &Value, place: &[String], new: &Value) -> Option<Value> {
        let Some((first, rest)) = place.split_first() else { return Some(new.clone()) };
        let Value::Map(fields) = value else { return None };
        let mut fields = fields.clone();
        let field = with(&fields[first], rest, new)?;
        fields.insert(first.clone(), field);
        Some(Value::Map(fields))
    }

    #[test]
    fn what_waits_for_an_input_is_unknown() {
        let configured = configured();
        let block = schema::schema().block;
        let mut model = Model { app: text("erp"), env: text("sandbox"), ..Model::default() };
        whole().restore(&mut model);
        let given = to_value(&model, &block.ty()).unwrap();
        let one = plan(&configured, &given);
        let mut places = Vec::new();
        inputs(&block, &[], &mut places);
        let mut tried = 0;
        for place in places.iter().filter(|place| !["app", "env"].contains(&place[0].as_str())) {
            let Some(without) = with(&given, place, &Value::Null) else { continue };
            let unknown = with(&given, place, &Value::Unknown).unwrap();
            let (other, waiting) = (plan(&configured, &without), plan(&configured, &unknown));
            let mut wrong = Vec::new();
            for (name, attribute) in &block.attributes {
                if attribute.mode == Mode::Computed {
                    promised(name, &waiting[name], &one[name], &other[name], &mut wrong);
                }
            }
            assert!(wrong.is_empty(), "{} unknown, and yet known: {wrong:?}", place.join("."));
            tried += 1;
        }
        assert!(tried > 20, "{tried}");
    }
}
