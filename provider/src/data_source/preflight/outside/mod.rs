// SPDX-License-Identifier: MPL-2.0
//! What is outside of every facet: from the configuration to the checks.

mod judge;
mod model;
mod schema;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tfplugin::diagnostic::Errors;
use tfplugin::value::{Attr, Path, Secret};

use self::judge::Judge;
use crate::preflight::Check;
use crate::preflight::outside::{
    Authorities, CertificateTarget, DotenvTarget, FileTarget, HttpTarget, Password, RedisTarget,
    environment,
};
use crate::world::World;

pub use model::{CertificateModel, DotenvModel, FileModel, HttpModel, RedisModel};
pub use schema::extend;

const REDIS_PORT: u16 = 6379;
const TLS_PORT: u16 = 443;
const HTTP_STATUS: u16 = 200;
const CERTIFICATE_DAYS: u16 = 21;
const DOTENV_MODE: u32 = 0o600;
/// The longest file of authorities, bytes.
const LONGEST: u64 = 1 << 20;

/// The parts of the configuration that ask for what is outside.
#[derive(Clone, Copy, Debug)]
pub struct Outside<'a> {
    /// Names of environment variables.
    pub environment_variables: &'a Attr<Vec<Attr<String>>>,
    /// Redis.
    pub redis: &'a [RedisModel],
    /// Health addresses.
    pub http: &'a [HttpModel],
    /// TLS endpoints.
    pub certificate: &'a [CertificateModel],
    /// Dotenv files.
    pub dotenv: &'a [DotenvModel],
    /// Files that name what they should.
    pub file_matches: &'a [FileModel],
}

/// Everything that is asked for and known.
#[derive(Default)]
struct Targets {
    variables: BTreeSet<String>,
    redis: Vec<RedisTarget>,
    http: Vec<HttpTarget>,
    certificates: Vec<CertificateTarget>,
    dotenv: Vec<DotenvTarget>,
    files: Vec<FileTarget>,
}

// === impl Outside ===

impl Outside<'_> {
    /// Collects every mistake of form; values may be unknown.
    pub fn validate(&self) -> Errors {
        self.targets(None).1
    }

    /// The checks, in the order of the schema. Nothing is asked before they are run.
    pub fn checks(&self, world: &Arc<World>) -> Result<Vec<Check<'static>>, Errors> {
        let (targets, errors) = self.targets(Some(world));
        errors.into_result()?;
        let mut checks = environment(targets.variables, world);
        checks.extend(targets.redis.into_iter().map(RedisTarget::check));
        checks.extend(targets.http.into_iter().map(HttpTarget::check));
        checks.extend(targets.certificates.into_iter().map(|target| target.check(world.time())));
        checks.extend(targets.dotenv.into_iter().map(|target| target.check(world.clone())));
        checks.extend(targets.files.into_iter().map(|target| target.check(world.clone())));
        Ok(checks)
    }

    /// Without a world only the form is judged: no file is read and no variable.
    fn targets(&self, world: Option<&World>) -> (Targets, Errors) {
        let mut errors = Errors::new();
        let mut targets = Targets::default();
        let mut judge = Judge { at: Path::root(), errors: &mut errors };
        for name in self.environment_variables.known().into_iter().flatten() {
            let name = name.known().and_then(|name| judge.variable("environment_variables", name));
            targets.variables.extend(name);
        }
        targets.redis =
            each("redis", self.redis, &mut errors, |model, judge| model.target(judge, world));
        targets.http =
            each("http", self.http, &mut errors, |model, judge| model.target(judge, world));
        targets.certificates =
            each("certificate", self.certificate, &mut errors, CertificateModel::target);
        targets.dotenv = each("dotenv", self.dotenv, &mut errors, DotenvModel::target);
        targets.files = each("file_matches", self.file_matches, &mut errors, FileModel::target);
        (targets, errors)
    }
}

fn each<M, T>(
    name: &str,
    models: &[M],
    errors: &mut Errors,
    target: impl Fn(&M, &mut Judge<'_>) -> Option<T>,
) -> Vec<T> {
    let mut found = Vec::new();
    for (index, model) in models.iter().enumerate() {
        let mut judge = Judge { at: Path::attribute(name).index(index), errors };
        found.extend(target(model, &mut judge));
    }
    found
}

/// The authorities of a file; `None` where its name is unknown or was refused. One that cannot be read is told by the
/// check.
fn authorities(
    judge: &mut Judge<'_>,
    file: &Attr<String>,
    world: Option<&World>,
) -> Option<Authorities> {
    let Some(file) = judge.optional("ca_cert_file", file)? else {
        return Some(Authorities::Machine);
    };
    let Some(world) = world else { return Some(Authorities::Machine) };
    Some(match world.read_small_file(&file, LONGEST) {
        Ok(pem) => Authorities::Only(pem.into_bytes()),
        Err(error) => Authorities::Unread(format!("{file:?} cannot be read: {error}")),
    })
}

// === impl RedisModel ===

impl RedisModel {
    fn target(&self, judge: &mut Judge<'_>, world: Option<&World>) -> Option<RedisTarget> {
        let host = judge.text("host", &self.host);
        let port = judge.port(&self.port, REDIS_PORT);
        let authorities = authorities(judge, &self.ca_cert_file, world);
        let username = judge.optional("username", &self.username);
        let password = self.password(judge, world);
        if matches!(username, Some(Some(_))) && matches!(password, Some(Password::Absent)) {
            judge.refuse(
                "username",
                "without a password",
                "together with `password_env`, which names the variable of its password",
            );
        }
        Some(RedisTarget {
            host: host?,
            port: port?,
            tls: flag(&self.tls)?,
            authorities: authorities?,
            username: username?,
            password: password?,
        })
    }

    fn password(&self, judge: &mut Judge<'_>, world: Option<&World>) -> Option<Password> {
        if !self.password.is_null() && !self.password_env.is_null() {
            judge.refuse(
                "password",
                "together with `password_env`",
                "left out where `password_env` is given",
            );
            return None;
        }
        match (&self.password, &self.password_env) {
            (Attr::Null, Attr::Null) => Some(Password::Absent),
            (Attr::Known(password), _) => Some(Password::Given(password.clone())),
            (_, Attr::Known(variable)) => {
                let variable = judge.variable("password_env", variable)?;
                Some(match world.and_then(|world| world.env(&variable)) {
                    Some(password) => Password::Given(Secret::new(password)),
                    None => Password::Unset(variable),
                })
            }
            _ => None,
        }
    }
}

fn flag(value: &Attr<bool>) -> Option<bool> {
    if value.is_unknown() { None } else { Some(value.known() == Some(&true)) }
}

// === impl HttpModel ===

impl HttpModel {
    fn target(&self, judge: &mut Judge<'_>, world: Option<&World>) -> Option<HttpTarget> {
        let name = judge.text("name", &self.name);
        let url = judge.url("url", &self.url);
        let status =
            judge.number("expected_status", &self.expected_status, (100, 599), HTTP_STATUS.into());
        let most = judge.number("max_latency_ms", &self.max_latency_ms, (1, 3_600_000), 0);
        let authorities = authorities(judge, &self.ca_cert_file, world);
        let most = u64::try_from(most?).ok()?;
        Some(HttpTarget {
            name: name?,
            url: url?,
            status: u16::try_from(status?).ok()?,
            max_latency: (most > 0).then(|| Duration::from_millis(most)),
            authorities: authorities?,
        })
    }
}

// === impl CertificateModel ===

impl CertificateModel {
    fn target(&self, judge: &mut Judge<'_>) -> Option<CertificateTarget> {
        let host = judge.text("host", &self.host);
        let port = judge.port(&self.port, TLS_PORT);
        let server_name = judge.optional("server_name", &self.server_name);
        let days = judge.number("min_days", &self.min_days, (0, 3_650), CERTIFICATE_DAYS.into());
        Some(CertificateTarget {
            host: host?,
            port: port?,
            server_name: server_name?,
            min_days: u32::try_from(days?).ok()?,
        })
    }
}

// === impl DotenvModel ===

impl DotenvModel {
    fn target(&self, judge: &mut Judge<'_>) -> Option<DotenvTarget> {
        let path = judge.text("path", &self.path);
        let mode = judge.mode("mode", &self.mode, DOTENV_MODE);
        let owner = judge.optional("owner", &self.owner);
        let link = judge.optional("link", &self.link);
        Some(DotenvTarget { path: path?, mode: mode?, owner: owner?, link: link? })
    }
}

// === impl FileModel ===

impl FileModel {
    fn target(&self, judge: &mut Judge<'_>) -> Option<FileTarget> {
        let path = judge.text("path", &self.path);
        let pattern = judge.regex("pattern", &self.pattern);
        let mut contains = Vec::new();
        for wanted in self.contains.known().into_iter().flatten() {
            contains.extend(judge.text("contains", wanted));
        }
        let is_empty = self.contains.known().is_some_and(Vec::is_empty);
        if (self.contains.is_null() || is_empty) && self.pattern.is_null() {
            judge.refuse(
                "contains",
                "left out",
                "given, or else `pattern`: what must the file have?",
            );
        }
        Some(FileTarget { path: path?, contains, pattern: pattern? })
    }
}

#[cfg(test)]
mod tests;
