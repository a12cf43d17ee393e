// SPDX-License-Identifier: MPL-2.0
//! The registry that a command works on, read from options and environment by what reads the provider block.

use std::collections::BTreeMap;

use clap::ArgMatches;
use tfplugin::diagnostic::Errors;
use tfplugin::value::{Attr, Secret};

use crate::facet::aws::Aws;
use crate::facet::host::Host;
use crate::facet::postgres::Postgres;
use crate::facet::vault::Vault;
use crate::facet::{Facet, FacetError};
use crate::registry::{Floor, FloorChange};
use crate::settings::model::{AwsModel, HostModel, Model, PostgresModel, VaultModel};
use crate::settings::{Settings, Target};
use crate::world::World;

/// One registry.
pub enum Place {
    Postgres(Box<Postgres>),
    Vault { vault: Box<Vault>, kv_mount: String },
    Host(Box<Host>),
    Aws(Box<Aws>),
}

// === impl Place ===

impl Place {
    /// The one that the options name; nothing is opened yet.
    pub fn of(matches: &ArgMatches, world: &World) -> Result<Self, String> {
        let text = |name: &str| {
            matches.get_one::<String>(name).map_or(Attr::Null, |text| Attr::Known(text.clone()))
        };
        let mut model = Model {
            // The block needs one where it names a server; no registry is told of it here.
            owner: Attr::Known("appenv".to_owned()),
            ..Model::default()
        };
        if matches.get_flag("postgres") {
            let url = match text("url") {
                Attr::Known(url) => Attr::Known(Secret::new(url)),
                _ => Attr::Null,
            };
            model.postgres = Some(PostgresModel { url, ..PostgresModel::default() });
        }
        if matches.get_flag("vault") {
            model.vault = Some(VaultModel { kv_mount: text("kv-mount"), ..VaultModel::default() });
        }
        if matches.contains_id("host") {
            model.host = Some(HostModel { root: text("host"), ..HostModel::default() });
        }
        if matches.contains_id("aws") {
            model.aws = Some(AwsModel { region: text("aws"), ..AwsModel::default() });
        }
        let settings = Settings::read(&model, world).map_err(|errors| refused(&errors))?;
        let run = world.random_id();
        match (settings.postgres, settings.vault, settings.host, settings.aws) {
            (Target::Known(postgres), ..) => {
                Ok(Self::Postgres(Box::new(Postgres::new(postgres, &run))))
            }
            (_, Target::Known(vault), ..) => Ok(Self::Vault {
                vault: Box::new(Vault::new(vault, run)),
                kv_mount: settings.layout.map(|layout| layout.kv_mount).unwrap_or_default(),
            }),
            (_, _, Some(host), _) => Ok(Self::Host(Box::new(Host::new(host)))),
            (.., Target::Known(aws)) => Ok(Self::Aws(Box::new(Aws::new(aws, &run)))),
            // The parser lets none of these through.
            _ => Err("error: No registry is named\n".to_owned()),
        }
    }

    fn facet(&self) -> &dyn Facet {
        match self {
            Self::Postgres(postgres) => postgres.as_ref(),
            Self::Vault { vault, .. } => vault.as_ref(),
            Self::Host(host) => host.as_ref(),
            Self::Aws(aws) => aws.as_ref(),
        }
    }

    /// The server, as messages name it.
    pub fn server(&self) -> String {
        self.facet().server()
    }

    /// Every floor, by owner.
    pub async fn floors(&self) -> Result<BTreeMap<String, Floor>, String> {
        let floors = match self {
            Self::Postgres(postgres) => Box::pin(postgres.read_floors()).await,
            Self::Vault { vault, kv_mount } => Box::pin(vault.read_floors(kv_mount)).await,
            Self::Host(host) => host.read_floors().await,
            Self::Aws(aws) => Box::pin(aws.read_floors()).await,
        };
        floors.map_err(|error| failed(&error))
    }

    /// Changes the floor of an owner.
    pub async fn write_floor(&self, owner: &str, change: &FloorChange<'_>) -> Result<(), String> {
        let written = match self {
            Self::Postgres(postgres) => Box::pin(postgres.write_floor(owner, change)).await,
            Self::Vault { vault, kv_mount } => {
                Box::pin(vault.write_floor(kv_mount, owner, change)).await
            }
            Self::Host(host) => Box::pin(host.write_floor(owner, change)).await,
            Self::Aws(aws) => Box::pin(aws.write_floor(owner, change)).await,
        };
        written.map_err(|error| failed(&error))
    }

    /// Ends what was opened.
    pub async fn close(&self) {
        match self {
            Self::Postgres(postgres) => postgres.close().await,
            Self::Vault { vault, .. } => vault.close().await,
            Self::Host(_) | Self::Aws(_) => {}
        }
    }
}

fn failed(error: &FacetError) -> String {
    let FacetError { summary, attempted, cause, next, .. } = error;
    format!("error: {summary}\n  {attempted}\n  Cause: {cause}\n  Next: {next}\n")
}

fn refused(errors: &Errors) -> String {
    let told = |one: &tfplugin::diagnostic::Diagnostic| {
        format!("error: {}\n  {}\n", one.summary, one.detail)
    };
    errors.0.iter().map(told).collect()
}
