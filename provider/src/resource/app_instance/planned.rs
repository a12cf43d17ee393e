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
        partly(configured, &mut model, coordinate, &facets)?;
    }
    Ok(model)
}

/// The planned state where some inputs are unknown: what does not depend on them is certain all the same.
fn partly(
    configured: &Configured,
    model: &mut Model,
    coordinate: &Coordinate,
    facets: &[&str],
) -> Result<(), Errors> {
    let (known, unknown) = Wanted::read_known(model);
    let unknown: Vec<String> = unknown.iter().map(ToString::to_string).collect();
    let waits_for = |inputs: &[&str]| unknown.iter().any(|path| inputs.contains(&path.as_str()));
    let spec = wish::spec(coordinate, &known, &configured.settings, facets)?;
    let mut names = wish::resolved(&spec.names);
    if waits_for(&["services"]) {
        names.services = Attr::Unknown;
        names.log_groups = Attr::Unknown;
    }
    model.resolved_names = Attr::Known(names);
    model.instance = Attr::Known(spec.names.instance.clone());
    model.state_prefix = Attr::Known(spec.names.state_prefix.clone());
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
