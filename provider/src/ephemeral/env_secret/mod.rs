// SPDX-License-Identifier: MPL-2.0
//! `appenv_env_secret`: the value of a secret, for the time of one run.

mod model;
mod schema;

use std::sync::Arc;
use std::time::Duration;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::ephemeral::{Ephemeral, Opened};
use tfplugin::schema::Schema;
use tfplugin::value::{Attr, Path, Secret};

pub use model::Model;

use crate::configured::{Configured, Latest};
use crate::dotenv::key;
use crate::facet::{FacetError, Limit};
use crate::naming::shown;
use crate::secrets::Named;

/// How long the store may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The ephemeral resource.
pub struct EnvSecret(pub Arc<Latest>);

impl Ephemeral for EnvSecret {
    type Model = Model;

    const TYPE: &'static str = "appenv_env_secret";

    fn schema() -> Schema {
        schema::schema()
    }

    async fn validate(&self, _cx: &mut Context, config: &Model) -> Result<(), Errors> {
        match config.key.known().map(|text| (text, key::check(text))) {
            Some((text, Err(error))) => Err(Errors::at(
                Path::attribute("key"),
                format!("`key` cannot be {}", shown(text)),
                format!("{error}."),
            )),
            _ => Ok(()),
        }
    }

    async fn open(&self, _cx: &mut Context, config: Model) -> Result<Opened<Model>, Errors> {
        let configured = self.0.get().ok_or_else(|| {
            Errors::one(
                "Provider not configured",
                "appenv was asked for a secret before it was configured. This is a bug of the CLI or of the provider; \
                 please report it.",
            )
        })?;
        let result = Box::pin(read(&configured, config)).await?;
        Ok(Opened { result, renew_at: None })
    }
}

async fn read(configured: &Configured, mut model: Model) -> Result<Model, Errors> {
    let text = |value: &Attr<String>| value.known().cloned();
    let named = Named {
        app: text(&model.app).unwrap_or_default(),
        env: text(&model.env),
        key: text(&model.key).unwrap_or_default(),
        names: model.names.as_ref().map(|names| names.read().0).unwrap_or_default(),
        store: text(&model.store),
        file: text(&model.file),
        parameter_name: text(&model.parameter_name),
    };
    let site = named.site(configured)?;
    let id = site.id();
    let failed = |error: &FacetError| {
        let detail = format!("{}\n\nWhy: {}\n\nNext: {}", error.attempted, error.cause, error.next);
        Errors::one(format!("{id}: {}", error.summary), detail)
    };
    let Some(store) = &site.store else {
        return Err(Errors::one(
            format!("{id}: its store is not known yet"),
            "The address or the credentials of the store come from a resource that was not applied yet.\n\nNext: apply that \
             resource first (`-target`), then this.",
        ));
    };
    let limit = Limit::starting_now(PATIENCE, "read");
    let look = site.look(configured, limit).await.map_err(|error| failed(&error))?;
    let owner = configured.settings.owner.as_deref().unwrap_or_default();
    site.admits(&look, owner).map_err(|error| failed(&error))?;
    let value = limit
        .bound(&store.server(), store.read(&site.place))
        .await
        .map_err(|error| failed(&error))?;
    let path = site.path().unwrap_or_default();
    let Some(value) = value else {
        return Err(Errors::at(
            Path::attribute("key"),
            format!("{id}: there is no such secret"),
            format!(
                "{path} on {} was read, and it has no {}.\n\nNext: where an appenv_env_secret of this configuration makes it, \
                 let this one follow it: `version = appenv_env_secret.NAME.version` is known only once it is written, and \
                 the CLI then opens this after it.",
                store.server(),
                site.place.key
            ),
        ));
    };
    model.env = Attr::Known(site.place.coordinate.env().to_owned());
    model.store = Attr::Known(site.store_name.to_owned());
    model.path = Attr::Known(path);
    model.value = Attr::Known(Secret::new(value.expose().to_owned()));
    Ok(model)
}
