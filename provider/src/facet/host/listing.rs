// SPDX-License-Identifier: MPL-2.0
//! Every instance of a machine at once.

use super::registry::{Record, Registry};
use super::way::{Astray, Way};
use super::{Settings, failure};
use crate::facet::FacetError;
use crate::plan::host::quoted;
use crate::registry::{Listing, Phase, Registration};

/// Every registration, with its directories that are not there.
pub(super) fn list(settings: &Settings) -> Result<Listing, FacetError> {
    let mut listing = Listing::default();
    let Some(registry) = Registry::open(settings)? else { return Ok(listing) };
    listing.founded = registry.identity.is_some();
    for app in registry.apps()? {
        let records = match registry.of_app(&app) {
            Ok(records) => records,
            // One that cannot be read hides no other.
            Err(error) => {
                listing.unread.push((format!("{}: {}.", error.summary, error.cause), error.next));
                continue;
            }
        };
        for (env, record) in records {
            let missing = missing(settings, &record)?;
            let registration = Registration::new(&*app, env, record.entry);
            listing.registrations.push(Registration { missing, ..registration });
        }
    }
    Ok(listing)
}

fn missing(settings: &Settings, record: &Record) -> Result<Vec<String>, FacetError> {
    let mut missing = Vec::new();
    let directories = record.directories.iter().filter(|_| record.entry.phase == Phase::Live);
    for path in directories.flat_map(|found| [&found.app_dir, &found.secrets_dir]) {
        let is_there = match Way::to(path, &settings.root) {
            Ok(way) => way.is_whole(),
            Err(Astray::Blocked { .. }) => false,
            Err(astray) => return Err(failure::astray(astray)),
        };
        if !is_there {
            missing.push(format!("directory {}", quoted(path)));
        }
    }
    Ok(missing)
}
