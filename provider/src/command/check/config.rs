// SPDX-License-Identifier: MPL-2.0
//! The file that says what is checked.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use tfplugin::data_source::DataSource as _;
use tfplugin::provider::Provider as _;
use tfplugin::schema::Block;

use super::decode::{Misfit, decode};
use crate::data_source::parity::{Model as ParityModel, ParitySource};
use crate::data_source::preflight::{Model, PreflightSource};
use crate::provider::Appenv;
use crate::settings::model::Model as ProviderModel;
use crate::world::World;

/// The longest file that is read, bytes.
const LONGEST: u64 = 1 << 20;
const KEYS: [&str; 3] = ["parity", "preflight", "provider"];

/// What is checked, and with which servers.
pub(super) struct Config {
    /// The provider block.
    pub provider: ProviderModel,
    /// Preflights, in their order.
    pub preflight: Vec<Model>,
    /// Comparisons of envs, in their order.
    pub parity: Vec<ParityModel>,
}

// === impl Config ===

impl Config {
    /// Reads the file, if there is one, and takes what is asked for by app and env.
    pub fn read(
        file: Option<&str>,
        app: Option<&str>,
        env: Option<&str>,
        world: &World,
    ) -> Result<Self, String> {
        let mut json = file.map(|file| object(file, world)).transpose()?.unwrap_or_default();
        let name = file.unwrap_or("the command line");
        let misfit = |misfit: Misfit| refused(name, &misfit.to_string());
        if let Some(key) = json.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(refused(
                name,
                &format!("it has no key {key:?}, but `provider`, `preflight` and `parity`"),
            ));
        }
        let provider = json.remove("provider").unwrap_or_else(|| Json::Object(Map::new()));
        let provider = decode("provider", &provider, &Appenv::schema().block).map_err(misfit)?;
        let mut list = |key: &str| match json.remove(key) {
            None => Ok(Vec::new()),
            Some(Json::Array(all)) => Ok(all),
            Some(_) => Err(refused(name, &format!("`{key}` must be a list of objects"))),
        };
        let (preflight, parity) = (list("preflight")?, list("parity")?);
        let parity: Vec<Json> = parity.into_iter().filter(|one| compares(one, app, env)).collect();
        // What compares envs is asked for in the file alone.
        let preflight = if preflight.is_empty() && !parity.is_empty() && env.is_none() {
            preflight
        } else {
            chosen(preflight, app, env)
        };
        if preflight.is_empty() && parity.is_empty() {
            return Err(refused(
                name,
                "it asks for no preflight and no parity of that app and env",
            ));
        }
        Ok(Self {
            provider,
            preflight: all("preflight", &preflight, &PreflightSource::schema().block)
                .map_err(misfit)?,
            parity: all("parity", &parity, &ParitySource::schema().block).map_err(misfit)?,
        })
    }
}

fn all<T: DeserializeOwned>(key: &str, all: &[Json], block: &Block) -> Result<Vec<T>, Misfit> {
    let each = all.iter().enumerate();
    each.map(|(index, json)| decode(&format!("{key}[{index}]"), json, block)).collect()
}

/// Whether a comparison is of this app and has this env among its own, or names none.
fn compares(one: &Json, app: Option<&str>, env: Option<&str>) -> bool {
    let is_of = app.is_none_or(|app| one.get("app").is_none_or(|is| is == app));
    let envs = one.get("envs").and_then(Json::as_array);
    let has = |env: &str| envs.is_none_or(|envs| envs.iter().any(|is| is == env));
    is_of && env.is_none_or(has)
}

/// The preflights that are of this app and env or name none; the arguments stand in for what they leave out.
fn chosen(wanted: Vec<Json>, app: Option<&str>, env: Option<&str>) -> Vec<Json> {
    let wanted =
        if wanted.is_empty() && app.is_some() { vec![Json::Object(Map::new())] } else { wanted };
    let mut found = Vec::new();
    for mut one in wanted {
        let mut fits = true;
        // What is no object is refused when it is decoded.
        if let Json::Object(object) = &mut one {
            for (key, given) in [("app", app), ("env", env)] {
                let Some(given) = given else { continue };
                match object.get(key) {
                    None | Some(Json::Null) => {
                        object.insert(key.to_owned(), given.into());
                    }
                    Some(is) => fits &= is == given,
                }
            }
        }
        if fits {
            found.push(one);
        }
    }
    // What is asked for by both is checked, whether the file has it or not.
    if let (true, Some(app), Some(env)) = (found.is_empty(), app, env) {
        found.push(serde_json::json!({ "app": app, "env": env }));
    }
    found
}

fn object(file: &str, world: &World) -> Result<Map<String, Json>, String> {
    let text = world.read_small_file(file, LONGEST).map_err(|error| {
        format!("error: {file:?} cannot be read\n  {error}.\n  Next: give the path of a file of at most 1 MiB.\n")
    })?;
    match serde_json::from_str(&text) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(refused(file, "it is no JSON object")),
        // The error of the parser may repeat what it read, which may be secret.
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            Err(refused(file, &format!("it is not JSON: broken at {place}")))
        }
    }
}

fn refused(file: &str, why: &str) -> String {
    format!(
        "error: {file:?} does not say what to check\n  {why}.\n  Next: write {{\"provider\": {{...}}, \"preflight\": [{{\"app\": \
         \"erp\", \"env\": \"sandbox\"}}]}}, or give APP and ENV.\n"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_choose_comparisons_too() {
        let one = json!({"app": "erp", "envs": ["dev", "prod"]});
        for (app, env, fits) in [
            (None, None, true),
            (Some("erp"), None, true),
            (Some("crm"), None, false),
            (Some("erp"), Some("prod"), true),
            (Some("erp"), Some("staging"), false),
        ] {
            assert_eq!(compares(&one, app, env), fits, "{app:?} {env:?}");
        }
        assert!(compares(&json!({"app": "erp"}), Some("erp"), Some("staging")));
    }

    fn of(list: Json, app: Option<&str>, env: Option<&str>) -> Json {
        let Json::Array(all) = list else { unreachable!() };
        Json::Array(chosen(all, app, env))
    }

    #[test]
    fn arguments_choose_and_stand_in() {
        let list = json!([{"app": "erp", "env": "prod"}, {"app": "crm"}, {"probe": true}]);
        assert_eq!(of(list.clone(), None, None), list);
        assert_eq!(
            of(list.clone(), Some("erp"), None),
            json!([{"app": "erp", "env": "prod"}, {"app": "erp", "probe": true}])
        );
        assert_eq!(
            of(list, Some("crm"), Some("dev")),
            json!([{"app": "crm", "env": "dev"}, {"app": "crm", "env": "dev", "probe": true}])
        );
        let other = json!([{"app": "erp", "env": "prod"}]);
        assert_eq!(
            of(other.clone(), Some("erp"), Some("dev")),
            json!([{"app": "erp", "env": "dev"}])
        );
        assert_eq!(of(other, Some("crm"), None), json!([]));
        assert_eq!(of(json!([]), Some("erp"), None), json!([{"app": "erp"}]));
        assert_eq!(of(json!([]), None, None), json!([]));
    }
}
