// SPDX-License-Identifier: MPL-2.0
//! The `postgres` block: arguments or a URL, then libpq's environment variables.

use std::time::Duration;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::Target;
use super::model::PostgresModel;
use crate::facet::postgres::{Host, Password, Settings};
use crate::world::World;

/// Reads the block. What is left out comes from `PG*`, as libpq has it.
pub fn read(model: Option<&PostgresModel>, world: &World, errors: &mut Errors) -> Target<Settings> {
    let Some(model) = model else { return Target::Off };
    if is_unknown(model) {
        return Target::Unknown;
    }
    let mut found = Errors::new();
    let settings = if model.url.is_null() {
        from_parts(model, world, &mut found)
    } else {
        from_url(model, world, &mut found)
    };
    let target = match settings {
        Some(settings) if found.0.is_empty() => Target::Known(settings),
        _ => Target::Unknown,
    };
    errors.extend(found);
    target
}

fn is_unknown(model: &PostgresModel) -> bool {
    let texts = [&model.host, &model.user, &model.database, &model.sslmode, &model.sslrootcert];
    texts.iter().any(|text| text.is_unknown())
        || model.url.is_unknown()
        || model.password.is_unknown()
        || model.port.is_unknown()
}

fn from_url(model: &PostgresModel, world: &World, errors: &mut Errors) -> Option<Settings> {
    let beside = [
        ("host", model.host.is_null()),
        ("port", model.port.is_null()),
        ("user", model.user.is_null()),
        ("password", model.password.is_null()),
        ("database", model.database.is_null()),
        ("sslmode", model.sslmode.is_null()),
        ("sslrootcert", model.sslrootcert.is_null()),
    ];
    let beside: Vec<_> =
        beside.iter().filter(|(_, null)| !null).map(|(name, _)| format!("`{name}`")).collect();
    if !beside.is_empty() {
        let beside = beside.join(", ");
        errors.push(wrong(
            "url",
            &format!(
                "It stands beside {beside}, and which of them counts cannot be told. Keep `url` alone, or remove it."
            ),
        ));
        return None;
    }
    let url = model.url.known().map(|url| url.expose().as_str()).unwrap_or_default();
    let read = match Settings::from_url(url) {
        Ok(read) => read,
        Err(error) => {
            errors.push(wrong("url", &format!("It cannot be used: {error}.")));
            return None;
        }
    };
    let mut settings = read.settings;
    if settings.password.is_none() {
        settings.password = world.env("PGPASSWORD").map(Password::new);
    }
    if !read.names_database
        && let Some(database) = world.env("PGDATABASE")
    {
        settings.database = database;
    }
    if settings.sslmode.is_none() {
        settings.sslmode = ssl_mode(None, world, errors);
    }
    if !read.names_timeout {
        connect_timeout(&mut settings, world, errors);
    }
    settings.sslrootcert = authorities(read.sslrootcert.as_deref(), "url", world, errors);
    Some(settings)
}

fn from_parts(model: &PostgresModel, world: &World, errors: &mut Errors) -> Option<Settings> {
    let or_env = |value: &Attr<String>, name: &str| {
        value.known().filter(|text| !text.is_empty()).cloned().or_else(|| world.env(name))
    };
    let host = or_env(&model.host, "PGHOST");
    if host.is_none() {
        errors.push(missing("host", "Set `host` or `url`, or the environment variable PGHOST."));
    }
    let user = or_env(&model.user, "PGUSER");
    if user.is_none() {
        errors.push(missing("user", "Set `user` or `url`, or the environment variable PGUSER."));
    }
    let port = port(model, world, errors);
    let hosts = host.as_deref().zip(port).map(|(host, port)| {
        let hosts = host.split(',').map(|host| Host::parse(host.trim(), port));
        hosts.collect::<Result<Vec<_>, _>>()
    });
    if let Some(Err(_)) = &hosts {
        errors.push(wrong(
            "host",
            &format!(
                "{}is no host name, no address and no directory of a socket (which begins with `/`). Several \
                 are separated by commas; the port goes into `port`.",
                told(model.host.known(), host.as_deref().unwrap_or_default(), "PGHOST")
            ),
        ));
    }
    let mut settings = Settings::new(hosts?.ok()?, user?);
    let password = model.password.known().map(|password| password.expose().clone());
    settings.password = password.or_else(|| world.env("PGPASSWORD")).map(Password::new);
    if let Some(database) = or_env(&model.database, "PGDATABASE") {
        settings.database = database;
    }
    settings.sslmode = ssl_mode(model.sslmode.known(), world, errors);
    connect_timeout(&mut settings, world, errors);
    let file = model.sslrootcert.known().map(String::as_str);
    settings.sslrootcert = authorities(file, "sslrootcert", world, errors);
    Some(settings)
}

fn port(model: &PostgresModel, world: &World, errors: &mut Errors) -> Option<u16> {
    let given = model.port.known().map(ToString::to_string);
    let Some(text) = given.clone().or_else(|| world.env("PGPORT")) else { return Some(5432) };
    let port = text.parse().ok().filter(|port| *port > 0);
    if port.is_none() {
        let told = told(given.as_ref(), &text, "PGPORT");
        errors.push(wrong("port", &format!("{told}is no port: it must be from 1 to 65535.")));
    }
    port
}

fn ssl_mode(
    given: Option<&String>,
    world: &World,
    errors: &mut Errors,
) -> Option<crate::facet::postgres::SslMode> {
    let text = given.cloned().or_else(|| world.env("PGSSLMODE"))?;
    match text.parse() {
        Ok(mode) => Some(mode),
        Err(error) => {
            let told = told(given, &text, "PGSSLMODE");
            errors.push(wrong("sslmode", &format!("{told}cannot be used: {error}.")));
            None
        }
    }
}

/// libpq's `PGCONNECT_TIMEOUT`, in seconds; its "forever" does not exist here.
fn connect_timeout(settings: &mut Settings, world: &World, errors: &mut Errors) {
    let Some(text) = world.env("PGCONNECT_TIMEOUT") else { return };
    match text.parse() {
        Ok(seconds @ 1..=3600) => settings.connect_timeout = Duration::from_secs(seconds),
        _ => errors.push(Diagnostic {
            attribute: Some(Path::attribute("postgres")),
            ..wrong(
                "PGCONNECT_TIMEOUT",
                &format!(
                    "The environment variable is \"{}\", not a number of seconds from 1 to 3600.",
                    text.escape_debug()
                ),
            )
        }),
    }
}

/// The certificates of a PEM file.
fn authorities(
    given: Option<&str>,
    attribute: &str,
    world: &World,
    errors: &mut Errors,
) -> Option<Vec<u8>> {
    let file = given.map(str::to_owned).or_else(|| world.env("PGSSLROOTCERT"))?;
    match world.read_file(&file) {
        Ok(pem) => Some(pem.into_bytes()),
        Err(error) => {
            let from = if given.is_some() { "" } else { " of PGSSLROOTCERT" };
            let file = file.escape_debug();
            let what = format!("The file \"{file}\"{from} cannot be read: {error}.");
            errors.push(wrong(attribute, &what));
            None
        }
    }
}

/// The value at fault, and where it comes from if not from the attribute.
fn told<T>(given: Option<&T>, text: &str, variable: &str) -> String {
    let text = text.escape_debug();
    match given {
        Some(_) => format!("\"{text}\" "),
        None => format!("\"{text}\", from the environment variable {variable}, "),
    }
}

fn missing(name: &str, next: &str) -> Diagnostic {
    Diagnostic::error(
        format!("PostgreSQL: `{name}` is missing"),
        format!("The `postgres` block of the provider configuration gives no {name}. {next}"),
    )
    .at(Path::attribute("postgres").field(name))
}

fn wrong(name: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        format!("PostgreSQL: `{name}` cannot be used"),
        format!("Reading the `postgres` block of the provider configuration failed. {what}"),
    )
    .at(Path::attribute("postgres").field(name))
}
