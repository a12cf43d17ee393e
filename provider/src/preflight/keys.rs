// SPDX-License-Identifier: MPL-2.0
//! Keys of secrets that the instance needs, against its store: by name, never a value.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::dotenv::Document;
use crate::facet::FacetError;
use crate::finding::Finding;
use crate::secrets::Site;
use crate::store::{Place, SecretStore, Standing};
use crate::world::World;

use super::fix;
use super::run::Check;

/// Whether the store can be asked.
pub const SECRET_STORE: &str = "secret_store";
/// Whether a required key is in the store.
pub const REQUIRED_KEY: &str = "required_key";
/// Whether the example file can be read.
pub const ENV_EXAMPLE: &str = "env_example";
/// Whether a key of the example file is in the store.
pub const ENV_EXAMPLE_KEY: &str = "env_example_key";

/// The longest example file, bytes.
const LONGEST: u64 = 1 << 20;
/// Keys that are looked at side by side.
const AT_ONCE: usize = 8;

/// Keys that an instance needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    /// By name.
    pub required: BTreeSet<String>,
    /// A dotenv file whose keys are needed too, relative to the working directory.
    pub example: Option<String>,
}

// === impl Needed ===

impl Needed {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.required.is_empty() && self.example.is_none()
    }

    /// The check of the store. `site` is that of any key of the instance.
    pub fn check<'a>(&'a self, site: &'a Site, world: &'a World) -> Check<'a> {
        let target = match &site.store {
            Some(store) => format!("secrets of {} on {}", id(&site.place), store.server()),
            None => format!("secrets of {} in store {}", id(&site.place), site.store_name),
        };
        Check::new(SECRET_STORE, target.clone(), async move {
            let (mut found, keys) = self.keys(world);
            if let Some(store) = &site.store {
                found.extend(asked(&**store, &site.place, &keys, &target).await);
            } else {
                let why = "The address of the store is known only after apply.";
                found.extend(keys.values().map(|check| Finding::skip(check, &*target, why)));
            }
            found
        })
    }

    /// What is said of the example file, and every key with the check that asks for it.
    fn keys(&self, world: &World) -> (Vec<Finding>, BTreeMap<String, &'static str>) {
        let mut keys = BTreeMap::new();
        let mut found = Vec::new();
        if let Some(path) = &self.example {
            let target = format!("file {path}");
            match example(world, path) {
                Ok(named) => {
                    let detail = format!("It names {} keys.", named.len());
                    found.push(Finding::ok(ENV_EXAMPLE, target, detail));
                    keys.extend(named.into_iter().map(|key| (key, ENV_EXAMPLE_KEY)));
                }
                Err((why, fix)) => found.push(Finding::fail(ENV_EXAMPLE, target, why, fix)),
            }
        }
        keys.extend(self.required.iter().map(|key| (key.clone(), REQUIRED_KEY)));
        (found, keys)
    }
}

/// The keys of an example file; or why it cannot be read, and what to do.
fn example(world: &World, path: &str) -> Result<BTreeSet<String>, (String, &'static str)> {
    let text = world.read_small_file(path, LONGEST).map_err(|error| {
        let next = "Correct `env_example`: a dotenv file of at most 1 MiB, relative to the working directory.";
        (format!("It cannot be read: {error}."), next)
    })?;
    let document = Document::parse(&text).map_err(|error| {
        let next = "Write it as lines of KEY=value, with `#` before comments.";
        (format!("It is no dotenv file: {error}."), next)
    })?;
    Ok(document.values().into_keys().map(str::to_owned).collect())
}

async fn asked(
    store: &dyn SecretStore,
    place: &Place,
    keys: &BTreeMap<String, &'static str>,
    target: &str,
) -> Vec<Finding> {
    if keys.is_empty() {
        let why = "No key is asked for, so it was not asked.";
        return vec![Finding::skip(SECRET_STORE, target, why)];
    }
    let looks = looks(store, place, keys).await;
    let refused = looks.iter().find_map(|(_, _, stands)| stands.as_ref().err());
    let mut found = vec![match refused {
        Some(error) => fix::failed(SECRET_STORE, target, error),
        None => Finding::ok(SECRET_STORE, target, "Its keys can be listed."),
    }];
    found.extend(looks.iter().map(|(place, check, stands)| key(store, place, check, stands)));
    found
}

/// Whether each key is there. Where names can be listed with the rights of a plan that is one question, and no value is read.
async fn looks(
    store: &dyn SecretStore,
    place: &Place,
    keys: &BTreeMap<String, &'static str>,
) -> Vec<(Place, &'static str, Result<bool, FacetError>)> {
    let at = |key: &str| Place { key: key.to_owned(), ..place.clone() };
    if store.name() != "ssm" {
        let names = store.keys(place).await;
        let stands =
            |key: &String| names.as_ref().map(|names| names.contains(key)).map_err(Clone::clone);
        return keys.iter().map(|(key, check)| (at(key), *check, stands(key))).collect();
    }
    let mut looks = Vec::with_capacity(keys.len());
    let keys: Vec<_> = keys.iter().collect();
    // A long example file is no reason to ask for everything at once.
    for some in keys.chunks(AT_ONCE) {
        let some = some.iter().map(|(key, check)| async move {
            let place = at(key);
            let stands = store.look(&place).await.map(|seen| seen.value != Standing::Missing);
            (place, **check, stands)
        });
        looks.extend(join_all(some).await);
    }
    looks
}

fn key(
    store: &dyn SecretStore,
    place: &Place,
    check: &'static str,
    stands: &Result<bool, FacetError>,
) -> Finding {
    let path = store.path(place).unwrap_or_default();
    let target = format!("key {} in {path} on {}", place.key, store.server());
    match stands {
        Ok(true) => Finding::ok(check, target, "It is there."),
        Ok(false) => {
            Finding::fail(check, target, "It is not there.", put(store.name(), &path, &place.key))
        }
        Err(_) => Finding::skip(check, target, format!("Not asked: see {SECRET_STORE}.")),
    }
}

/// What puts a key there, the value on standard input.
fn put(store: &str, path: &str, key: &str) -> String {
    let first = "Declare an appenv_env_secret of that key; or by hand, the value on standard input";
    match store {
        "vault" => format!(
            "{first} (`put` in the place of `patch` where the instance has no secret yet): bao kv patch {path} {key}=-"
        ),
        "ssm" => format!(
            "{first}: aws ssm put-parameter --type SecureString --name {path} --value file:///dev/stdin"
        ),
        "file" => format!(
            "Declare an appenv_env_secret of that key; or by hand, as a line {key}=value of {path}."
        ),
        _ => "Declare an appenv_env_secret of that key.".to_owned(),
    }
}

fn id(place: &Place) -> String {
    super::names::id(&place.coordinate)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::disallowed_methods)]
mod tests {
    use super::*;
    use crate::finding::Status;
    use crate::store::STORES;

    #[test]
    fn each_store_has_a_way_to_put_a_key_there_by_hand() {
        for kind in &STORES {
            assert_ne!(
                put(kind.name, "p", "K"),
                put("", "p", "K"),
                "`put` has none of {}",
                kind.name
            );
        }
    }

    #[test]
    fn the_keys_of_an_example_are_told_and_no_value() {
        let dir = tempfile::tempdir().unwrap();
        let text =
            "# what it takes\nDB_PASSWORD=canary-in-an-example\nexport API_KEY=\nURL=http://x\n";
        std::fs::write(dir.path().join(".env.example"), text).unwrap();
        std::fs::write(dir.path().join("bad"), "canary in no assignment\n").unwrap();
        let world = World::with(|_| None, dir.path());
        let of = |path: &str| Needed {
            required: BTreeSet::from(["URL".to_owned()]),
            example: Some(path.to_owned()),
        };
        let (found, keys) = of(".env.example").keys(&world);
        assert_eq!(found[0].status, Status::Ok, "{found:?}");
        let expected =
            [("API_KEY", ENV_EXAMPLE_KEY), ("DB_PASSWORD", ENV_EXAMPLE_KEY), ("URL", REQUIRED_KEY)];
        assert_eq!(keys, expected.map(|(key, check)| (key.to_owned(), check)).into());
        for path in ["bad", "missing", "."] {
            let (found, keys) = of(path).keys(&world);
            assert_eq!(found[0].status, Status::Fail, "{found:?}");
            assert!(!format!("{found:?}").contains("canary"), "{found:?}");
            assert_eq!(keys.len(), 1);
        }
    }
}
