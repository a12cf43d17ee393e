// SPDX-License-Identifier: MPL-2.0
//! Every instance of an account and region at once.

use super::Aws;
use super::failure::{self, Call};
use super::record::Record;
use crate::facet::FacetError;
use crate::plan::aws::ROOT;
use crate::registry::{Listing, Registration};

// === impl Aws ===

impl Aws {
    /// Every registration, page by page. There is no object but the entry, so none is missing.
    pub async fn list(&self) -> Result<Listing, FacetError> {
        let request = format!("ssm:GetParametersByPath {ROOT}");
        let call = Call { doing: "read the registry of all apps", request: &request };
        let client = self.session.ssm().await?;
        let mut listing =
            Listing { founded: self.read_target().await?.is_some(), ..Listing::default() };
        let asked = client.get_parameters_by_path().path(ROOT).recursive(true);
        let mut pages = asked.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failure::of(&self.session, call, &error))?;
            for found in page.parameters() {
                let (Some(name), Some(value)) = (found.name(), found.value()) else { continue };
                let Some((app, env)) = coordinate(name) else { continue };
                // One that cannot be read hides no other.
                match self.parsed::<Record>(name, value) {
                    Ok(record) => {
                        listing.registrations.push(Registration::new(app, env, record.entry));
                    }
                    Err(error) => listing
                        .unread
                        .push((format!("{}: {}.", error.summary, error.cause), error.next)),
                }
            }
        }
        let key = |one: &Registration| (one.app.clone(), one.env.clone());
        listing.registrations.sort_by_key(key);
        Ok(listing)
    }
}

/// App and env of an entry's parameter; no app begins with `_`.
fn coordinate(name: &str) -> Option<(&str, &str)> {
    let below = name.strip_prefix(ROOT)?.strip_prefix('/')?;
    below.split_once('/').filter(|(app, env)| !app.starts_with('_') && !env.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::coordinate;

    #[test]
    fn only_entries_have_a_coordinate() {
        assert_eq!(coordinate("/appenv/erp/prod"), Some(("erp", "prod")));
        for other in ["/appenv/_registry", "/appenv/_floor/acme", "/appenv/erp/prod/x", "/erp/prod"]
        {
            assert_eq!(coordinate(other), None, "{other}");
        }
    }
}
