// SPDX-License-Identifier: MPL-2.0
//! Opening: the registry is asked, then a login leased or made.

use std::time::Duration;

use tfplugin::context::Context;
use tfplugin::diagnostic::Errors;
use tfplugin::ephemeral::Opened;
use tfplugin::value::{Attr, Secret};
use zeroize::Zeroizing;

use super::kept::{Kept, Login};
use super::life::Lives;
use super::model::Model;
use super::{address, admission, renew_at, report, validate, wish};
use crate::configured::Configured;
use crate::facet::Facet as _;
use crate::facet::postgres::{Password, Postgres, Settings, TemporaryLogin};
use crate::facet::vault::Vault;
use crate::plan::Spec;
use crate::plan::generate::Recipe;
use crate::settings::Target;
use crate::world::World;

/// A login, however it came.
struct Credentials {
    username: String,
    password: Zeroizing<String>,
    login: Login,
    expires_at: String,
    /// How long it lives from now on.
    granted: Duration,
    /// Whether no renewal lets it live longer.
    last: bool,
}

/// Opens one.
pub(super) async fn open(
    configured: &Configured,
    lives: &Lives,
    cx: &mut Context,
    mut config: Model,
) -> Result<Opened<Model>, Errors> {
    let (settings, world) = (&configured.settings, &*configured.world);
    let ttl = validate::ttl(&config)?;
    let server = match &settings.postgres {
        Target::Known(server) => server,
        Target::Off => return Err(report::no_server()),
        Target::Unknown => return Err(report::unknown_server("postgres")),
    };
    if settings.vault.is_unknown() {
        return Err(report::unknown_server("vault"));
    }
    let Some(postgres) = configured.clients.postgres() else { return Err(report::no_server()) };
    let spec = wish::spec(&config, settings)?;
    let id = report::id(&spec.coordinate);
    let registered = postgres.registration(&spec).await;
    let registered = registered.map_err(|error| report::failure(&id, &error))?;
    let generation = config.generation.known().copied();
    admission::judge(&spec, &postgres.server(), registered.as_ref(), generation)?;
    if cx.stop.is_cancelled() {
        return Err(report::stopped(&id));
    }
    let opened = match configured.clients.vault() {
        Some(vault) => lease(vault, cx, world, &spec, ttl).await?,
        None => make(postgres, world, &spec, ttl).await?,
    };
    fill(&mut config, &spec, server, &opened);
    lives.note(&opened.login, world.time(), opened.granted, opened.last);
    let renew_at = (!opened.last).then(|| renew_at(world, opened.granted));
    Kept { id, ttl, login: opened.login }.store(&mut cx.private);
    Ok(Opened { result: config, renew_at })
}

async fn lease(
    vault: &Vault,
    cx: &mut Context,
    world: &World,
    spec: &Spec,
    ttl: Duration,
) -> Result<Credentials, Errors> {
    let id = report::id(&spec.coordinate);
    let leased = vault.lease_login(spec, ttl).await;
    let leased = leased.map_err(|error| report::failure(&id, &error))?;
    if let Some(warning) = leased.warning {
        cx.warn(warning.summary, warning.detail);
    }
    Ok(Credentials {
        username: leased.username,
        password: Zeroizing::new(leased.password.expose().to_owned()),
        login: Login::Lease(leased.lease_id),
        expires_at: world.later(leased.granted.time),
        granted: leased.granted.time,
        last: leased.granted.last,
    })
}

async fn make(
    postgres: &Postgres,
    world: &World,
    spec: &Spec,
    ttl: Duration,
) -> Result<Credentials, Errors> {
    let id = report::id(&spec.coordinate);
    let Some(password) = Recipe::key().make(|bytes| world.fill_random(bytes)) else {
        return Err(report::no_randomness(&id));
    };
    let login = TemporaryLogin {
        name: name(&spec.names.instance, &world.random_id()),
        marker: spec.marker(),
        database: spec.names.database.clone(),
        owner_role: spec.names.owner_role.clone(),
    };
    let sent = Password::new(password.as_str().to_owned());
    let opened = postgres.open_login(spec, &login, &sent, ttl).await;
    let expires_at = opened.map_err(|error| report::failure(&id, &error))?;
    Ok(Credentials {
        username: login.name.clone(),
        password,
        login: Login::Temporary(login),
        expires_at,
        granted: ttl,
        last: false,
    })
}

fn fill(config: &mut Model, spec: &Spec, server: &Settings, opened: &Credentials) {
    let secret = |text: &str| Attr::Known(Secret::new(text.to_owned()));
    let database = &spec.names.database;
    let url = address::url(server, &opened.username, &opened.password, database);
    config.env = Attr::Known(spec.coordinate.env().to_owned());
    config.username = Attr::Known(opened.username.clone());
    config.password = secret(&opened.password);
    config.host = Attr::Known(address::host(server));
    config.port = Attr::Known(i64::from(address::port(server)));
    config.database = Attr::Known(database.clone());
    config.owner_role = Attr::Known(spec.names.owner_role.clone());
    config.sslmode = address::sslmode(server).map(str::to_owned).into();
    config.url = secret(&url);
    config.lease_id = match &opened.login {
        Login::Lease(id) => Attr::Known(id.clone()),
        Login::Temporary(_) => Attr::Null,
    };
    config.expires_at = Attr::Known(opened.expires_at.clone());
}

/// `erp-sandbox_tmp_` and 16 digits that no other login has. The instance's name is cut where it would be too long: it
/// only tells a reader of the server's log whose login this is.
fn name(instance: &str, random: &str) -> String {
    const LONGEST: usize = 63;
    const DIGITS: usize = 16;
    let digits = random.chars().filter(char::is_ascii_hexdigit).take(DIGITS).collect::<String>();
    let suffix = format!("_tmp_{digits}");
    let room = LONGEST - suffix.len();
    let stem: String = instance.chars().take(room).collect();
    format!("{stem}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_name_fits_whatever_the_instance_is_called() {
        let random = "0f8fad5b-d9cb-469f-a165-70867728950e";
        assert_eq!(name("erp-sandbox", random), "erp-sandbox_tmp_0f8fad5bd9cb469f");
        let long = name(&"a".repeat(61), random);
        assert_eq!(long.len(), 63);
        assert!(long.ends_with("a_tmp_0f8fad5bd9cb469f"), "{long}");
    }
}
