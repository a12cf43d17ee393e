// SPDX-License-Identifier: MPL-2.0
//! Names of any app, as patterns: those of an app that nobody has, with what it is called taken out again.

use std::collections::BTreeSet;

use crate::naming::{Coordinate, Declared, Environments, Inputs, NameError, Names, Overrides};

/// The app that nobody has: a name within every limit, and a text that no other part of a name has.
const ANY: &str = "qzxanyxzq";

/// The names of any app, one set for each declared env.
pub fn instances(
    environments: &Environments,
    inputs: &Inputs,
    overrides: &Overrides,
) -> Result<Vec<Names>, Vec<NameError>> {
    // Open to every app, as this one is none of those that an env may be closed to.
    let declared = environments.declared().iter();
    let open: Vec<_> = declared.map(|env| Declared { apps: None, ..env.clone() }).collect();
    let open = Environments::lenient(environments.convention(), environments.elided(), open)?;
    let names = |env: &Declared| {
        let coordinate: Coordinate = open.coordinate(ANY, &env.name)?;
        Names::derive_with(&open, &coordinate, &BTreeSet::new(), inputs, overrides)
    };
    open.declared().iter().map(names).collect()
}

/// A path in Vault: a segment that holds the app is `+`, any one segment.
pub fn segments(path: &str) -> String {
    let any = |segment| if str::contains(segment, ANY) { "+" } else { segment };
    path.split('/').map(any).collect::<Vec<_>>().join("/")
}

/// A path with `*`, any characters, for the app.
pub fn glob(path: &str) -> String {
    path.replace(ANY, "*")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{glob, instances, segments};
    use crate::naming::{Declared, Environments, Inputs, Names, Overrides};

    fn names(convention: &str, templates: &[(&str, &str)]) -> Vec<Names> {
        let closed = |name: &str, production| Declared {
            name: name.to_owned(),
            production,
            apps: Some(["erp".to_owned()].into()),
        };
        let declared = vec![closed("prod", true), closed("dev", false)];
        let environments = Environments::new(convention, None, declared).unwrap();
        let own = |(key, template): &(&str, &str)| ((*key).to_owned(), (*template).to_owned());
        let overrides =
            Overrides::new(&templates.iter().map(own).collect(), &BTreeMap::new()).unwrap();
        let inputs = Inputs { root: Some("/opt".to_owned()), ..Inputs::default() };
        instances(&environments, &inputs, &overrides).unwrap()
    }

    fn set(names: &[Names], of: impl Fn(&Names) -> String) -> Vec<String> {
        names.iter().map(of).collect::<BTreeSet<_>>().into_iter().collect()
    }

    #[test]
    fn a_segment_with_the_app_is_any_segment() {
        for convention in ["elided-v1", "suffixed-v1"] {
            let names = names(convention, &[]);
            assert_eq!(set(&names, |names| segments(&names.kv_path)), ["+/config"]);
        }
        let own = names("elided-v1", &[("kv_path", "teams/{app}[-{env}]/{env}")]);
        assert_eq!(set(&own, |names| segments(&names.kv_path)), ["teams/+/dev", "teams/+/prod"]);
    }

    #[test]
    fn an_env_is_one_of_those_declared() {
        let names = names("elided-v1", &[("parameter_path", "/x/{app}[/{env}]")]);
        assert_eq!(set(&names, |names| glob(&names.parameter_path)), ["/x/*", "/x/*/dev"]);
        let secrets = set(&names, |names| glob(names.secrets_dir.as_deref().unwrap()));
        assert_eq!(secrets, ["/opt/*/secrets/dev", "/opt/*/secrets/prod"]);
    }
}
