//! The `postgres` block: arguments, then a URL, then libpq's environment variables.

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
    let read = if model.url.is_null() { from_parts(model, world) } else { from_url(model) };
    match read {
        Ok((mut settings, ca)) => match ca.map(|file| (world.read_file(&file), file)) {
            Some((Ok(pem), _)) => {
                settings.sslrootcert = Some(pem.into_bytes());
                Target::Known(settings)
            }
            Some((Err(error), file)) => {
                errors.push(wrong(
                    "sslrootcert",
                    &format!("The file \"{}\" cannot be read: {error}.", file.escape_debug()),
                ));
                Target::Unknown
            }
            None => Target::Known(settings),
        },
        Err(diagnostic) => {
            errors.push(diagnostic);
            Target::Unknown
        }
    }
}

fn is_unknown(model: &PostgresModel) -> bool {
    let texts = [&model.host, &model.user, &model.database, &model.sslmode, &model.sslrootcert];
    texts.iter().any(|text| text.is_unknown())
        || model.url.is_unknown()
        || model.password.is_unknown()
        || model.port.is_unknown()
}

type Read = Result<(Settings, Option<String>), Diagnostic>;

fn from_url(model: &PostgresModel) -> Read {
    let others = [&model.host, &model.user, &model.database, &model.sslmode, &model.sslrootcert];
    if others.iter().any(|text| !text.is_null())
        || !model.port.is_null()
        || !model.password.is_null()
    {
        return Err(wrong("url", "It stands beside other connection arguments; write either."));
    }
    let url = model.url.known().map(|url| url.expose().as_str()).unwrap_or_default();
    match Settings::from_url(url) {
        Ok(read) => Ok((read.settings, read.sslrootcert)),
        Err(error) => Err(wrong("url", &format!("It cannot be used: {error}."))),
    }
}

fn from_parts(model: &PostgresModel, world: &World) -> Read {
    let or_env = |value: &Attr<String>, names: &[&str]| {
        value.known().cloned().or_else(|| world.first_env(names))
    };
    let host = or_env(&model.host, &["PGHOST"]).ok_or_else(|| {
        wrong("host", "No host is given: set `host` or `url`, or the environment variable PGHOST.")
    })?;
    let user = or_env(&model.user, &["PGUSER"]).ok_or_else(|| {
        wrong("user", "No user is given: set `user` or `url`, or the environment variable PGUSER.")
    })?;
    let port = match (model.port.known(), world.env("PGPORT")) {
        (Some(port), _) => u16::try_from(*port).ok(),
        (None, Some(text)) => text.parse().ok(),
        (None, None) => Some(5432),
    };
    let port = port
        .filter(|port| *port > 0)
        .ok_or_else(|| wrong("port", "A port is a number from 1 to 65535."))?;
    let hosts = host
        .split(',')
        .map(|host| Host::parse(host.trim(), port))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong("host", &format!("It cannot be used: {error}.")))?;
    let mut settings = Settings::new(hosts, user);
    let password = model.password.known().map(|password| password.expose().clone());
    settings.password = password.or_else(|| world.env("PGPASSWORD")).map(Password::new);
    if let Some(database) = or_env(&model.database, &["PGDATABASE"]) {
        settings.database = database;
    }
    if let Some(mode) = or_env(&model.sslmode, &["PGSSLMODE"]) {
        let mode = mode.parse();
        settings.sslmode =
            Some(mode.map_err(|error| wrong("sslmode", &format!("It cannot be used: {error}.")))?);
    }
    Ok((settings, or_env(&model.sslrootcert, &["PGSSLROOTCERT"])))
}

fn wrong(name: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        format!("PostgreSQL: `{name}` cannot be used"),
        format!("Reading the `postgres` block of the provider configuration failed. {what}"),
    )
    .at(Path::attribute("postgres").field(name))
}
