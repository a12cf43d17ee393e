// SPDX-License-Identifier: MPL-2.0
//! What is written of an Application. Its fields: Argo CD manual, "Application Specification".

use tfplugin::value::Value;
use yaml_rust2::Yaml;

use super::wish::Wish;
use super::yaml::{self, map, string as text};
use crate::inquiry::Answer;

/// Where Argo CD itself runs.
const SERVER: &str = "https://kubernetes.default.svc";
/// With it the objects of an Application go with it.
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// The Application, its fields in the order in which they are usually written.
pub(super) fn of(answer: &Answer, wish: &Wish) -> Yaml {
    let names = &answer.names;
    let or = |given: &Option<String>, default: &str| text(given.as_deref().unwrap_or(default));
    let metadata = map([
        ("name", Some(text(&names.argocd_application))),
        ("namespace", Some(or(&wish.namespace, "argocd"))),
        (
            "labels",
            Some(map([
                ("app", Some(text(answer.coordinate.app()))),
                ("env", Some(text(answer.coordinate.env()))),
            ])),
        ),
        ("finalizers", wish.finalizer.then(|| Yaml::Array(vec![text(FINALIZER)]))),
    ]);
    let source = map([
        ("repoURL", Some(text(&wish.repo_url))),
        ("path", Some(or(&wish.path, "."))),
        ("targetRevision", Some(or(&wish.target_revision, "HEAD"))),
        ("helm", helm(answer, wish)),
    ]);
    let destination = map([
        ("server", Some(or(&wish.destination_server, SERVER))),
        ("namespace", Some(text(&names.namespace))),
    ]);
    let spec = map([
        ("project", Some(or(&wish.project, "default"))),
        ("source", Some(source)),
        ("destination", Some(destination)),
        ("syncPolicy", policy(answer, wish)),
    ]);
    map([
        ("apiVersion", Some(text("argoproj.io/v1alpha1"))),
        ("kind", Some(text("Application"))),
        ("metadata", Some(metadata)),
        ("spec", Some(spec)),
    ])
}

/// The values of a chart: the instance's own file, or those that are given, and values above them.
fn helm(answer: &Answer, wish: &Wish) -> Option<Yaml> {
    let is_chart = wish.helm.unwrap_or(wish.value_files.is_some() || wish.values.is_some());
    let files = match &wish.value_files {
        Some(files) => files.iter().map(|file| text(file)).collect(),
        None => vec![text(&answer.names.values_file)],
    };
    let values = wish.values.as_ref().map(|values| yaml::value(&Value::Map(values.clone())));
    is_chart.then(|| {
        map([
            ("valueFiles", (!files.is_empty()).then_some(Yaml::Array(files))),
            ("valuesObject", values),
        ])
    })
}

/// `None`: somebody syncs it by hand.
fn policy(answer: &Answer, wish: &Wish) -> Option<Yaml> {
    let is_automated = wish.sync.automated.unwrap_or(!answer.production);
    let automated = is_automated.then(|| {
        map([
            ("prune", Some(Yaml::Boolean(wish.sync.prune))),
            ("selfHeal", Some(Yaml::Boolean(wish.sync.self_heal))),
        ])
    });
    let options = wish.create_namespace.then(|| Yaml::Array(vec![text("CreateNamespace=true")]));
    (automated.is_some() || options.is_some())
        .then(|| map([("automated", automated), ("syncOptions", options)]))
}
