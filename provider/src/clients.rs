// SPDX-License-Identifier: MPL-2.0
//! What the provider opens: each facet once, lazily.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, join_all};

use crate::facet::aws::Aws;
use crate::facet::host::Host;
use crate::facet::postgres::Postgres;
use crate::facet::vault::Vault;
use crate::facet::{Bounded, Facet, FacetError, Fault, Limit};
use crate::plan::Spec;
use crate::registry::Listing;
use crate::settings::{Settings, Target};
use crate::store::SecretStore;
use crate::store::file::FileStore;
use crate::store::ssm::Ssm;
use crate::store::vault::VaultStore;

/// The facets that are configured and can be asked.
pub struct Clients {
    postgres: Option<Postgres>,
    vault: Option<Arc<Vault>>,
    host: Option<Arc<Host>>,
    aws: Option<Arc<Aws>>,
    /// The stores of secrets, by name.
    stores: BTreeMap<&'static str, Arc<dyn SecretStore>>,
    /// The login Vault has on PostgreSQL, where the user names it.
    database_login: Option<String>,
}

/// What one registry lists.
pub struct Listed {
    /// The block's name.
    pub name: &'static str,
    /// The server, as messages name it.
    pub server: String,
    /// Its answer.
    pub answer: Result<Listing, FacetError>,
}

// === impl Clients ===

impl Clients {
    /// Opens nothing yet. `run_id` goes where servers log who asked.
    pub fn new(settings: &Settings, run_id: &str) -> Self {
        let vault = match &settings.vault {
            Target::Known(vault) => Some(Arc::new(Vault::new(vault.clone(), run_id))),
            Target::Off | Target::Unknown => None,
        };
        let aws = match &settings.aws {
            Target::Known(aws) => Some(Arc::new(Aws::new(aws.clone(), run_id))),
            Target::Off | Target::Unknown => None,
        };
        let host = settings.host.clone().map(|host| Arc::new(Host::new(host)));
        let mut stores: BTreeMap<&'static str, Arc<dyn SecretStore>> = BTreeMap::new();
        if let (Some(vault), Some(layout)) = (&vault, &settings.layout) {
            let store = VaultStore::new(vault.clone(), layout.kv_mount.clone());
            stores.insert("vault", Arc::new(store));
        }
        if let Some(host) = &host {
            stores.insert("file", Arc::new(FileStore::new(Arc::clone(host))));
        }
        if let Some(aws) = &aws {
            stores.insert("ssm", Arc::new(Ssm::new(aws.session().clone())));
        }
        Self {
            postgres: match &settings.postgres {
                Target::Known(postgres) => Some(Postgres::new(postgres.clone(), run_id)),
                Target::Off | Target::Unknown => None,
            },
            vault,
            host,
            aws,
            stores,
            database_login: settings
                .layout
                .as_ref()
                .and_then(|layout| layout.database_login.clone()),
        }
    }

    /// The facets of a spec, in the order in which the registry's home is chosen; each answers within the limit.
    pub fn facets(&self, spec: &Spec, limit: Limit) -> Vec<Arc<dyn Facet>> {
        let mut facets: Vec<Arc<dyn Facet>> = Vec::new();
        if let (Some(_), Some(postgres)) = (&spec.postgres, &self.postgres) {
            let postgres = Arc::new(postgres.within(limit.ends()));
            facets.push(Arc::new(Bounded::new(postgres, limit)));
        }
        if let (Some(_), Some(vault)) = (&spec.vault, &self.vault) {
            facets.push(Arc::new(Bounded::new(vault.clone(), limit)));
        }
        if let (Some(_), Some(host)) = (&spec.host, &self.host) {
            facets.push(Arc::new(Bounded::new(host.clone(), limit)));
        }
        if let (Some(_), Some(aws)) = (&spec.aws, &self.aws) {
            facets.push(Arc::new(Bounded::new(aws.clone(), limit)));
        }
        facets
    }

    /// A store of secrets, where it is configured and can be asked.
    pub fn store(&self, name: &str) -> Option<&Arc<dyn SecretStore>> {
        self.stores.get(name)
    }

    /// PostgreSQL, where it is configured and can be asked.
    pub fn postgres(&self) -> Option<&Postgres> {
        self.postgres.as_ref()
    }

    /// Vault or OpenBao, where it is configured and can be asked.
    pub fn vault(&self) -> Option<&Vault> {
        self.vault.as_deref()
    }

    /// What each registry that is configured and can be asked lists, side by side, each within that time: name of its
    /// block, server, answer. `kv_mount` is where Vault's is.
    pub async fn listings(&self, kv_mount: &str, time: Duration) -> Vec<Listed> {
        let mut asked: Vec<BoxFuture<'_, Listed>> = Vec::new();
        if let Some(postgres) = &self.postgres {
            asked.push(listed(postgres, postgres.list(), time).boxed());
        }
        if let Some(vault) = &self.vault {
            asked.push(listed(vault.as_ref(), vault.list(kv_mount), time).boxed());
        }
        if let Some(host) = &self.host {
            asked.push(listed(host.as_ref(), host.list(), time).boxed());
        }
        if let Some(aws) = &self.aws {
            asked.push(listed(aws.as_ref(), aws.list(), time).boxed());
        }
        join_all(asked).await
    }

    /// Fills in what one server must tell about another: the login that Vault has on PostgreSQL.
    pub async fn complete(&self, spec: &Spec, limit: Limit) -> Result<Spec, FacetError> {
        let mut spec = spec.clone();
        let database = spec.vault.as_ref().and_then(|vault| vault.database.as_ref());
        if let (Some(wish), Some(vault), Some(database)) =
            (&mut spec.postgres, &self.vault, database)
        {
            wish.vault_login = Some(if let Some(login) = &self.database_login {
                login.clone()
            } else {
                let login = Box::pin(vault.database_login(&database.mount, &database.connection));
                limit.bound(&vault.server(), login).await?
            });
            if wish.vault_login.as_ref() == Some(&wish.owner_role) {
                return Err(FacetError {
                    fault: Fault::Occupied,
                    summary: format!("Role \"{}\" is Vault's own login", wish.owner_role),
                    attempted: format!(
                        "The owner role of the instance was compared with the login of connection \"{}\" on {}.",
                        database.connection,
                        vault.server()
                    ),
                    cause: "the instance would change, and in the end drop, the login that leases credentials"
                        .to_owned(),
                    next: "give the instance another name: names { owner_role = \"…\" }".to_owned(),
                    attribute: Some("names.owner_role"),
                });
            }
        }
        Ok(spec)
    }

    /// Ends the logins that were made for this run; nothing may follow.
    pub async fn close(&self) {
        let postgres = async {
            if let Some(postgres) = &self.postgres {
                postgres.close().await;
            }
        };
        let vault = async {
            if let Some(vault) = &self.vault {
                vault.close().await;
            }
        };
        tokio::join!(postgres, vault);
    }
}

async fn listed(
    facet: &dyn Facet,
    listing: impl Future<Output = Result<Listing, FacetError>>,
    time: Duration,
) -> Listed {
    let server = facet.server();
    let answer = tokio::time::timeout(time, listing).await.unwrap_or_else(|_| {
        Err(FacetError {
            fault: Fault::Unreachable,
            summary: "Could not list the registered instances".to_owned(),
            attempted: format!("Reading the registry of {server}."),
            cause: format!("it did not answer within {} s", time.as_secs_f64()),
            next: "see whether it is up and reachable from here; a slow one may get more time with `timeout`."
                .to_owned(),
            attribute: None,
        })
    });
    Listed { name: facet.name(), server, answer }
}
