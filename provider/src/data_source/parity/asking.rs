// SPDX-License-Identifier: MPL-2.0
//! What each env has, asked of its registries, its database and its store.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::configured::Configured;
use crate::data_source::finding::unread;
use crate::facet::{Facet as _, Limit};
use crate::finding::Finding;
use crate::naming::{Coordinate, Names};
use crate::parity::{self, Kind, RELEASE, Row};
use crate::plan::wanted::Wanted;
use crate::registered::{Looked, Registered};
use crate::store::Place;

/// Whether an env has the app registered.
const REGISTERED: &str = "registered";
/// Whether keys can be listed.
const SECRET_STORE: &str = "secret_store";
/// Whether extensions can be read.
const DATABASE: &str = "database";

/// What is compared.
pub struct Asked<'a> {
    /// The provider.
    pub configured: &'a Configured,
    /// The app.
    pub app: &'a str,
    /// The envs.
    pub envs: &'a BTreeSet<String>,
    /// Where the keys are; `None`: nowhere.
    pub store: Option<&'static str>,
    /// How long a server may take.
    pub limit: Limit,
}

/// The rows, and what stood in the way of more of them.
#[derive(Default)]
pub struct Answers {
    /// The matrix.
    pub rows: Vec<Row>,
    /// What could not be asked.
    pub findings: Vec<Finding>,
}

/// One env that has the app.
struct Side {
    env: String,
    coordinate: Coordinate,
    names: Names,
    registered: Registered,
}

/// What one env has of one kind, by name; or why that is not known.
type Has = (String, Result<BTreeSet<String>, Finding>);

// === impl Asked ===

impl Asked<'_> {
    /// Asks all envs side by side.
    pub async fn run(&self, looked: &[Looked]) -> Answers {
        let mut answers = Answers::default();
        let mut sides = Vec::new();
        for env in self.envs {
            match self.side(looked, env) {
                Ok(side) => sides.push(side),
                Err(finding) => answers.findings.push(finding),
            }
        }
        let keys = join_all(sides.iter().map(|side| self.keys(side)));
        let extensions = join_all(sides.iter().map(|side| self.extensions(side)));
        let (keys, extensions) = tokio::join!(keys, extensions);
        answers.take(Kind::Key, keys.into_iter().flatten());
        answers.take(Kind::Extension, extensions.into_iter().flatten());
        let services = |side: &Side| {
            (side.env.clone(), Ok::<_, Finding>(side.registered.wanted.services.clone()))
        };
        answers.take(Kind::Service, sides.iter().map(services));
        answers.plain(Kind::Release, &sides, |wanted| {
            vec![(RELEASE, wanted.release.clone().unwrap_or_else(|| "none".to_owned()))]
        });
        answers.plain(Kind::Option, &sides, options);
        answers
    }

    fn side(&self, looked: &[Looked], env: &str) -> Result<Side, Finding> {
        let (app, settings) = (self.app, &self.configured.settings);
        let id = format!("{app}/{env}");
        let registered = Registered::of(looked, env).ok_or_else(|| {
            Finding::fail(
                REGISTERED,
                id.clone(),
                "No registry that answered has a living instance of it.",
                format!("Apply the appenv_app_instance of {id}, or leave \"{env}\" out of `envs`."),
            )
        })?;
        if !registered.is_readable {
            return Err(Finding::fail(
                REGISTERED,
                id,
                "What it was last applied with is registered in a shape that this release does not know.",
                "Compare with the release that applied it, or a later one.",
            ));
        }
        let refused = |why: &[crate::naming::NameError]| {
            let why: Vec<&str> = why.iter().map(|error| error.summary.as_str()).collect();
            Finding::fail(
                REGISTERED,
                id.clone(),
                format!("It is registered, and its names cannot be told: {}.", why.join("; ")),
                "Declare the environment as the state that holds the instance does, or name the environments to compare in \
                 `envs`.",
            )
        };
        let coordinate =
            settings.environments.coordinate(app, env).map_err(|found| refused(&found))?;
        let names = registered.names(&coordinate, settings).map_err(|found| refused(&found))?;
        Ok(Side { env: env.to_owned(), coordinate, names, registered })
    }

    async fn keys(&self, side: &Side) -> Option<Has> {
        let store = self.configured.clients.store(self.store?)?;
        let files = side.registered.wanted.env_files.clone();
        let files = files.filter(|_| store.name() == "file");
        let mut all = BTreeSet::new();
        for file in files.unwrap_or_else(|| BTreeSet::from([String::new()])) {
            let place = Place {
                coordinate: side.coordinate.clone(),
                names: side.names.clone(),
                key: String::new(),
                parameter_name: None,
                file: file.clone(),
            };
            match self.limit.bound(&store.server(), store.keys(&place)).await {
                Ok(keys) if file.is_empty() => all.extend(parity::lasting(&keys)),
                Ok(keys) => {
                    let named = parity::lasting(&keys).into_iter();
                    all.extend(named.map(|key| format!("{file}:{key}")));
                }
                Err(error) => {
                    let target = format!("secrets of {} on {}", self.id(side), store.server());
                    return Some((side.env.clone(), Err(unread(SECRET_STORE, target, &error))));
                }
            }
        }
        Some((side.env.clone(), Ok(all)))
    }

    async fn extensions(&self, side: &Side) -> Option<Has> {
        let postgres = self.configured.clients.postgres()?;
        if !side.registered.registries.contains(&"postgres") {
            return None;
        }
        let database = &side.names.database;
        let target =
            format!("database \"{database}\" of {} on {}", self.id(side), postgres.server());
        let asked = self.limit.bound(&postgres.server(), postgres.extensions_of(database)).await;
        let has = match asked {
            // It comes with every database.
            Ok(Some(found)) => Ok(found.into_iter().filter(|name| name != "plpgsql").collect()),
            Ok(None) => Err(Finding::warn(
                DATABASE,
                target,
                "The provider's login may not connect to it, or it takes no connections, so that its extensions are not \
                 compared.",
                "Read with the login that applies, or let this one in: GRANT CONNECT ON DATABASE.",
            )),
            Err(error) => Err(unread(DATABASE, target, &error)),
        };
        Some((side.env.clone(), has))
    }

    fn id(&self, side: &Side) -> String {
        format!("{}/{}", self.app, side.env)
    }
}

// === impl Answers ===

impl Answers {
    fn take(&mut self, kind: Kind, has: impl Iterator<Item = Has>) {
        let mut of = BTreeMap::new();
        for (env, names) in has {
            match names {
                Ok(names) => drop(of.insert(env, names)),
                Err(finding) => self.findings.push(finding),
            }
        }
        self.rows.extend(parity::rows(kind, &of));
    }

    fn plain(
        &mut self,
        kind: Kind,
        sides: &[Side],
        values: impl Fn(&Wanted) -> Vec<(&'static str, String)>,
    ) {
        let mut rows: BTreeMap<&'static str, BTreeMap<String, String>> = BTreeMap::new();
        for side in sides {
            for (name, value) in values(&side.registered.wanted) {
                rows.entry(name).or_default().insert(side.env.clone(), value);
            }
        }
        let row = |(name, values): (&str, _)| Row { kind, name: name.to_owned(), values };
        self.rows.extend(rows.into_iter().map(row));
    }
}

/// What sizes and shapes an instance, with what holds where nothing is said.
fn options(wanted: &Wanted) -> Vec<(&'static str, String)> {
    let database = wanted.database.clone().unwrap_or_default();
    let vault = wanted.vault.clone().unwrap_or_default();
    let or = |text: Option<String>, default: &str| text.unwrap_or_else(|| default.to_owned());
    let limit = database.connection_limit.map(|limit| limit.to_string());
    vec![
        ("connection_limit", or(limit, "-1")),
        ("encoding", or(database.encoding, "default")),
        ("locale", or(database.locale, "default")),
        ("template", or(database.template, "template0")),
        ("default_ttl", or(vault.default_ttl, "default")),
        ("max_ttl", or(vault.max_ttl, "default")),
        ("ops_scope", or(vault.ops_scope, "instances")),
    ]
}
