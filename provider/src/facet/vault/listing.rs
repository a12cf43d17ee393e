// SPDX-License-Identifier: MPL-2.0
//! Every instance of a server at once: the documents of all apps, and a list of what stands.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::Vault;
use super::document::{AppDocument, Instance};
use super::mounts::Mount;
use super::object::Object;
use super::place::Place;
use super::wire::request::Request;
use crate::facet::FacetError;
use crate::plan::Marker;
use crate::plan::vault::policy::Policy;
use crate::registry::{Listing, Phase, Registration, Stray};

/// Documents and policies that are read at once.
const AT_ONCE: usize = 16;
/// The most policies of others that are read to see whose they are.
const POLICIES: usize = 500;
/// Where policies are listed.
const POLICY_LIST: &str = "sys/policies/acl";
/// Policies that every server has, which nobody may mark.
const BUILT_IN: [&str; 2] = ["default", "root"];

/// What is at the paths that were listed; a path that may not be listed is not in it.
type Standing = BTreeMap<String, BTreeSet<String>>;

// === impl Vault ===

impl Vault {
    /// Every registration, with what of its roles and policies is missing, and policies that are marked and not
    /// registered.
    pub async fn list(&self, kv_mount: &str) -> Result<Listing, FacetError> {
        self.ensure(&[Mount::Kv(kv_mount)]).await?;
        let mut listing = Listing {
            founded: self.read_target(kv_mount).await?.0.is_some(),
            ..Listing::default()
        };
        let mut documents: Vec<(String, AppDocument)> = Vec::new();
        for apps in self.registered_apps(kv_mount).await?.chunks(AT_ONCE) {
            let reads = apps.iter().map(|app| self.read_app(kv_mount, app));
            for (app, read) in apps.iter().zip(join_all(reads).await) {
                match read {
                    Ok((document, _)) => documents.push((app.clone(), document)),
                    // One that cannot be read hides no other.
                    Err(error) => listing
                        .unread
                        .push((format!("{}: {}.", error.summary, error.cause), error.next)),
                }
            }
        }
        let places = documents.iter().flat_map(|(_, document)| document.instances.values());
        let places: BTreeSet<&Place> = places.flat_map(|instance| &instance.places).collect();
        let standing = self.standing(&places, &mut listing).await?;
        let missing = self.missing(&places, &standing, &mut listing).await;
        for (app, document) in &documents {
            for (env, instance) in &document.instances {
                listing.registrations.push(told(app, env, instance, &missing));
            }
        }
        if let Some(there) = standing.get(POLICY_LIST) {
            let ours = documents.iter().flat_map(|(_, document)| document.ops_policies());
            let mut known: BTreeSet<String> = ours.collect();
            known.extend(places.iter().filter_map(|place| Some(listed(place)?.1)));
            known.extend(BUILT_IN.map(str::to_owned));
            let others: Vec<&String> = there.difference(&known).collect();
            self.strays(&others, &mut listing).await;
        }
        Ok(listing)
    }

    /// Lists every path that holds a place, each once.
    async fn standing(
        &self,
        places: &BTreeSet<&Place>,
        listing: &mut Listing,
    ) -> Result<Standing, FacetError> {
        let mut paths: BTreeSet<String> =
            places.iter().filter_map(|place| Some(listed(place)?.0)).collect();
        paths.insert(POLICY_LIST.to_owned());
        let mut standing = Standing::new();
        for path in paths {
            match self.wire.call(Request::list(&path)).await {
                Ok(reply) => {
                    let keys = reply.data()["keys"].as_array().cloned().unwrap_or_default();
                    let keys = keys.iter().filter_map(|key| key.as_str().map(str::to_owned));
                    standing.insert(path, keys.collect());
                }
                Err(error) if error.is_denied() && path == POLICY_LIST => {
                    listing.unseen.push(format!(
                        "The token may not list {POLICY_LIST}, so that policies with a marker and no registration are \
                         not seen."
                    ));
                }
                // Read one by one instead.
                Err(error) if error.is_denied() => {}
                Err(error) => return Err(error.doing(&format!("list {path}"))),
            }
        }
        Ok(standing)
    }

    /// The places where nothing stands.
    async fn missing<'a>(
        &self,
        places: &BTreeSet<&'a Place>,
        standing: &Standing,
        listing: &mut Listing,
    ) -> BTreeSet<&'a Place> {
        let mut missing = BTreeSet::new();
        let mut unlisted = Vec::new();
        for &place in places {
            match listed(place).and_then(|(path, name)| Some((standing.get(&path)?, name))) {
                Some((there, name)) if there.contains(&name) => {}
                Some(_) => drop(missing.insert(place)),
                None => unlisted.push(place),
            }
        }
        for some in unlisted.chunks(AT_ONCE) {
            let objects: Vec<Object> = some.iter().map(|place| place.object()).collect();
            let read = join_all(objects.iter().map(|object| self.read(object))).await;
            for ((place, object), read) in some.iter().zip(&objects).zip(read) {
                match read {
                    Ok(Some(_)) => {}
                    Ok(None) => drop(missing.insert(*place)),
                    Err(error) => listing.unseen.push(format!(
                        "Whether {} is there could not be read: {}.",
                        object.label, error.cause
                    )),
                }
            }
        }
        missing
    }

    /// Policies of others that carry our marker for an instance that is not registered.
    async fn strays(&self, others: &[&String], listing: &mut Listing) {
        if others.len() > POLICIES {
            listing.unseen.push(format!(
                "{} policies are none that the registry notes, more than the {POLICIES} that are read to see whether they \
                 carry a marker.",
                others.len()
            ));
            return;
        }
        let living = listing.registrations.iter().filter(|one| !one.entry.is_gone());
        let living: BTreeSet<_> = living.map(|one| (one.app.clone(), one.env.clone())).collect();
        let mut unread = 0;
        for names in others.chunks(AT_ONCE) {
            let objects: Vec<Object> = names.iter().map(|name| Object::policy(name)).collect();
            let texts = join_all(objects.iter().map(|object| self.read_policy(object))).await;
            for (object, text) in objects.into_iter().zip(texts) {
                let Ok(text) = text else {
                    unread += 1;
                    continue;
                };
                let policy = text.and_then(|text| Policy::parse(&text).ok());
                let header = policy.map(|policy| policy.header).unwrap_or_default();
                let Some(marker) = header.iter().find_map(|line| Marker::parse(line)) else {
                    continue;
                };
                let Marker { app, env, owner } = marker;
                if !living.contains(&(app.clone(), env.clone())) {
                    listing.strays.push(Stray { app, env, owner, object: object.label });
                }
            }
        }
        if unread > 0 {
            listing.unseen.push(format!(
                "{unread} policies that the registry does not note could not be read, so that a marker in them is not \
                 seen."
            ));
        }
    }
}

/// Where a place is listed, and under which name; `None`: nowhere.
fn listed(place: &Place) -> Option<(String, String)> {
    let path = place.object().path;
    path.rsplit_once('/').map(|(at, name)| (at.to_owned(), name.to_owned()))
}

fn told(app: &str, env: &str, instance: &Instance, missing: &BTreeSet<&Place>) -> Registration {
    let lives = instance.entry.phase == Phase::Live;
    let gone = instance.places.iter().filter(|place| lives && missing.contains(place));
    let moving = instance.moving.iter().filter(|_| !instance.entry.is_gone());
    Registration {
        unfinished: moving
            .map(|way| format!("its secrets are on their way from {} to {}", way.from, way.to))
            .next(),
        missing: gone.map(|place| place.object().label).collect(),
        ..Registration::new(app, env, instance.entry.clone())
    }
}
