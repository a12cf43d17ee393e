// SPDX-License-Identifier: MPL-2.0
//! The key `argocd` of the options: what no name says of an Application.

use std::collections::BTreeMap;

use tfplugin::value::{Path, Value};

use crate::function::options::{Reader, has_password, plain};

/// The key of the options.
pub(super) const KEY: &str = "argocd";

const KEYS: [&str; 12] = [
    "create_namespace",
    "destination_server",
    "finalizer",
    "helm",
    "namespace",
    "path",
    "project",
    "repo_url",
    "sync",
    "target_revision",
    "value_files",
    "values",
];
const SYNC_KEYS: [&str; 3] = ["automated", "prune", "self_heal"];

/// What is wished of an Application; `None` is the default.
#[derive(Debug, Default)]
pub(super) struct Wish {
    pub(super) repo_url: String,
    pub(super) path: Option<String>,
    pub(super) target_revision: Option<String>,
    pub(super) project: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) destination_server: Option<String>,
    pub(super) finalizer: bool,
    pub(super) create_namespace: bool,
    pub(super) sync: Sync,
    pub(super) helm: Option<bool>,
    pub(super) value_files: Option<Vec<String>>,
    pub(super) values: Option<BTreeMap<String, Value>>,
}

/// When Argo CD acts by itself.
#[derive(Debug, Default)]
pub(super) struct Sync {
    pub(super) automated: Option<bool>,
    pub(super) prune: bool,
    pub(super) self_heal: bool,
}

/// Reads it. It must be there, since it alone names the repository.
pub(super) fn read(reader: &mut Reader, value: &Value, at: &Path) -> Wish {
    if plain(value).is_null() {
        reader.say(
            at,
            "is missing: it says where the manifests are. Add to the options argocd = { repo_url = \"https://…\" }"
                .to_owned(),
        );
        return Wish::default();
    }
    let Some(given) = reader.object(value, at, &KEYS) else { return Wish::default() };
    let of = |key: &str| (given.get(key).unwrap_or(&Value::Null), at.clone().field(key));
    let mut text = |key: &str| {
        let (value, at) = of(key);
        let text = reader.text(value, &at)?;
        match fault(&text) {
            None => Some(text),
            Some(fault) => {
                reader.say(&at, fault.to_owned());
                None
            }
        }
    };
    let (path, target_revision, project) = (text("path"), text("target_revision"), text("project"));
    let (namespace, destination_server) = (text("namespace"), text("destination_server"));
    let repo_url = text("repo_url");
    let (value, place) = of("repo_url");
    if plain(value).is_null() {
        reader.say(
            &place,
            "is missing: give the repository of the manifests or of the chart".to_owned(),
        );
    } else if repo_url.as_deref().is_some_and(has_password) {
        reader.say(
            &place,
            "holds a password, which everybody could read in the manifest. Give Argo CD the credential as a repository \
             secret, and leave it out here"
                .to_owned(),
        );
    }
    let mut flag = |key: &str| {
        let (value, at) = of(key);
        reader.bool(value, &at)
    };
    let (finalizer, create_namespace) = (flag("finalizer"), flag("create_namespace"));
    let helm = flag("helm");
    let (value, place) = of("value_files");
    let value_files = reader.list(value, &place, "a list of strings").map(|files| {
        let each = files.iter().enumerate();
        let file = |(index, file): (usize, &Value)| {
            let at = place.clone().index(index);
            if plain(file).is_null() {
                reader.mismatch(&at, file, "a string");
            }
            reader.text(file, &at)
        };
        each.filter_map(file).collect()
    });
    let (value, place) = of("values");
    let values = match plain(value) {
        Value::Null => None,
        Value::Map(values) => Some(values.clone()),
        other => {
            reader.mismatch(&place, other, "an object of values of the chart");
            None
        }
    };
    let (value, place) = of("sync");
    let sync = sync(reader, value, &place);
    if helm == Some(false) && (value_files.is_some() || values.is_some()) {
        reader.say(
            &at.clone().field("helm"),
            "is false, but value_files or values are for a chart. Leave out the one or the others"
                .to_owned(),
        );
    }
    Wish {
        repo_url: repo_url.unwrap_or_default(),
        path,
        target_revision,
        project,
        namespace,
        destination_server,
        finalizer: finalizer.unwrap_or(false),
        create_namespace: create_namespace.unwrap_or(false),
        sync,
        helm,
        value_files,
        values,
    }
}

fn sync(reader: &mut Reader, value: &Value, at: &Path) -> Sync {
    let Some(given) = reader.object(value, at, &SYNC_KEYS) else { return Sync::default() };
    let mut flag =
        |key: &str| reader.bool(given.get(key).unwrap_or(&Value::Null), &at.clone().field(key));
    Sync {
        automated: flag("automated"),
        prune: flag("prune").unwrap_or(false),
        self_heal: flag("self_heal").unwrap_or(false),
    }
}

/// Why it is no text of one line.
fn fault(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        Some("is empty. Leave it out for the default")
    } else if text.contains(char::is_control) {
        Some("holds a control character. Write it in one line")
    } else {
        None
    }
}
