// SPDX-License-Identifier: MPL-2.0
//! The `vault` block: arguments, then the environment variables of Vault and OpenBao.

use std::collections::BTreeMap;
use std::time::Duration;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path, Secret};

use super::model::{CiModel, VaultModel};
use super::{CiLayout, Known, Target, VaultLayout};
use crate::facet::vault::{Login, Sensitive, Settings};
use crate::naming::Inputs;
use crate::plan::duration;
use crate::world::World;

const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Reads how to reach the server and who we are there.
pub fn read(model: Option<&VaultModel>, world: &World, errors: &mut Errors) -> Target<Settings> {
    let Some(model) = model else { return Target::Off };
    if is_unknown(model) {
        return Target::Unknown;
    }
    match known(model, world) {
        Ok(settings) => Target::Known(settings),
        Err(found) => {
            errors.extend(found);
            Target::Unknown
        }
    }
}

fn is_unknown(model: &VaultModel) -> bool {
    let secret = |value: &Attr<Secret<String>>| value.is_unknown();
    model.address.is_unknown()
        || secret(&model.token)
        || model.namespace.is_unknown()
        || model.ca_cert_file.is_unknown()
        || model.auth_approle.as_ref().is_some_and(|auth| {
            auth.mount.is_unknown() || auth.role_id.is_unknown() || secret(&auth.secret_id)
        })
        || model.auth_kubernetes.as_ref().is_some_and(|auth| {
            auth.mount.is_unknown() || auth.role.is_unknown() || auth.token_file.is_unknown()
        })
        || model.auth_jwt.as_ref().is_some_and(|auth| {
            auth.mount.is_unknown() || auth.role.is_unknown() || secret(&auth.jwt)
        })
}

fn known(model: &VaultModel, world: &World) -> Result<Settings, Errors> {
    let mut errors = Errors::new();
    let or_env = |value: &Attr<String>, names: &[&str]| {
        value.known().filter(|text| !text.is_empty()).cloned().or_else(|| world.first_env(names))
    };
    let address = or_env(&model.address, &["VAULT_ADDR", "BAO_ADDR"]);
    if address.is_none() {
        errors.push(missing(
            "address",
            "address",
            "Set `address`, or the environment variable VAULT_ADDR or BAO_ADDR.",
        ));
    }
    let ca_cert = or_env(&model.ca_cert_file, &["VAULT_CACERT", "BAO_CACERT"]).and_then(|file| {
        let read = world.read_file(&file);
        read.map_err(|error| errors.push(unreadable("ca_cert_file", &file, &error))).ok()
    });
    let login = login(model, world).map_err(|error| errors.push(error)).ok();
    let timeout = timeout(world).map_err(|error| errors.push(error)).ok();
    match (address, login, timeout) {
        (Some(address), Some(login), Some(timeout)) if errors.0.is_empty() => Ok(Settings {
            address,
            login,
            namespace: or_env(&model.namespace, &["VAULT_NAMESPACE", "BAO_NAMESPACE"]),
            ca_cert: ca_cert.map(String::into_bytes),
            timeout,
        }),
        _ => Err(errors),
    }
}

/// The longest one call may take, by the variable that the command-line tools have for it.
fn timeout(world: &World) -> Result<Duration, Diagnostic> {
    let names = ["VAULT_CLIENT_TIMEOUT", "BAO_CLIENT_TIMEOUT"];
    let Some(text) = world.first_env(&names) else { return Ok(Duration::from_secs(60)) };
    let given = duration::parse(&text).filter(|given| !given.is_zero());
    given.ok_or_else(|| Diagnostic {
        attribute: Some(Path::attribute("vault")),
        ..wrong(
            "VAULT_CLIENT_TIMEOUT",
            &format!(
                "The environment variable is \"{}\", not a duration such as `60s`.",
                text.escape_debug()
            ),
        )
    })
}

fn login(model: &VaultModel, world: &World) -> Result<Login, Diagnostic> {
    let ways = [
        !model.token.is_null(),
        model.auth_approle.is_some(),
        model.auth_kubernetes.is_some(),
        model.auth_jwt.is_some(),
    ];
    if ways.iter().filter(|way| **way).count() > 1 {
        return Err(wrong(
            "token",
            "More than one way to log in is given; keep one of `token`, `auth_approle`, `auth_kubernetes` and \
             `auth_jwt`.",
        ));
    }
    let text = |value: &Attr<String>, default: &str| {
        value.known().cloned().unwrap_or_else(|| default.to_owned())
    };
    let secret = |value: &Attr<Secret<String>>| {
        Sensitive::new(value.known().map_or("", |secret| secret.expose()))
    };
    if let Some(login) = &model.auth_approle {
        return Ok(Login::AppRole {
            mount: text(&login.mount, "approle"),
            role_id: Sensitive::new(&text(&login.role_id, "")),
            secret_id: secret(&login.secret_id),
        });
    }
    if let Some(login) = &model.auth_kubernetes {
        let file = text(&login.token_file, SERVICE_ACCOUNT);
        let jwt = world
            .read_file(&file)
            .map_err(|error| unreadable("auth_kubernetes.token_file", &file, &error))?;
        return Ok(Login::Kubernetes {
            mount: text(&login.mount, "kubernetes"),
            role: text(&login.role, ""),
            jwt: Sensitive::new(&jwt),
        });
    }
    if let Some(login) = &model.auth_jwt {
        return Ok(Login::Jwt {
            mount: text(&login.mount, "jwt"),
            role: text(&login.role, ""),
            jwt: secret(&login.jwt),
        });
    }
    let given = model.token.known().map(|token| Sensitive::new(token.expose()));
    let env = || world.first_env(&["VAULT_TOKEN", "BAO_TOKEN"]).map(|token| Sensitive::new(&token));
    let token = given.or_else(env).ok_or_else(|| {
        missing(
            "token",
            "credential",
            "Set `token`, `auth_approle`, `auth_kubernetes` or `auth_jwt`, or the \
             environment variable VAULT_TOKEN or BAO_TOKEN.",
        )
    })?;
    Ok(Login::Token(token))
}

/// Reads what is made there; all of it must be known.
pub fn layout(
    model: Option<&VaultModel>,
    inputs: &Inputs,
    errors: &mut Errors,
) -> Option<VaultLayout> {
    let model = model?;
    let mut need = Known { errors };
    let mut mount = |value: &Attr<String>, name: &str, default: &str| {
        let text = need.text(value, at(name)).unwrap_or_else(|| default.to_owned());
        let fits = !text.is_empty()
            && text.len() <= 128
            && text.split('/').all(|segment| {
                !segment.is_empty()
                    && !matches!(segment, "." | "..")
                    && segment
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
            });
        if !fits {
            need.errors.push(wrong(
                name,
                &format!(
                    "\"{}\" is not allowed there: it must be letters, digits, `_`, `-` and `.`, at most 128 of \
                     them, with single slashes between parts and none at the ends.",
                    text.escape_debug()
                ),
            ));
        }
        text
    };
    let kv_mount = mount(&model.kv_mount, "kv_mount", "kvv2");
    let database_mount = mount(&model.database_mount, "database_mount", "postgres");
    let database_connection = mount(&model.database_connection, "database_connection", "postgres");
    let kubernetes = model
        .kubernetes
        .as_ref()
        .map(|block| mount(&block.mount, "kubernetes.mount", "kubernetes"));
    let ci_mount = model.ci.as_ref().map(|block| mount(&block.mount, "ci.mount", "jwt"));
    let database_login = need.text(&model.database_login, at("database_login"));
    let ci = match (&model.ci, ci_mount) {
        (Some(block), Some(mount)) => ci(block, mount, inputs, errors),
        _ => None,
    };
    Some(VaultLayout {
        kv_mount,
        database_mount,
        database_connection,
        database_login,
        kubernetes,
        ci,
    })
}

fn ci(block: &CiModel, mount: String, inputs: &Inputs, errors: &mut Errors) -> Option<CiLayout> {
    let at = |name: &str| at("ci").field(name);
    let before = errors.0.len();
    let mut need = Known { errors };
    let given = need.known(&block.bound_claims, at("bound_claims"));
    let mut claims = BTreeMap::new();
    for (claim, value) in given.clone().unwrap_or_default() {
        if let Some(value) = need.text(&value, at("bound_claims").key(&claim)) {
            claims.insert(claim, value);
        }
    }
    if given.is_none() {
        claims.insert("repository".to_owned(), "{organization}/{app}".to_owned());
    }
    let audiences = need.known(&block.bound_audiences, at("bound_audiences")).unwrap_or_default();
    let mut bound_audiences: Vec<String> = audiences
        .iter()
        .filter_map(|audience| need.text(audience, at("bound_audiences")))
        .collect();
    bound_audiences.sort();
    let user_claim =
        need.text(&block.user_claim, at("user_claim")).unwrap_or_else(|| "sub".to_owned());
    let revision = need.known(&block.revision, at("revision")).unwrap_or(1);
    if errors.0.len() > before {
        // What is not known yet cannot be judged.
        return None;
    }
    let fail = |name: &str, what: &str| wrong(&format!("ci.{name}"), what);
    if !claims.values().any(|value| value.contains("{app}")) {
        errors.push(fail(
            "bound_claims",
            "No claim holds `{app}`, so a token of any repository could act for every app. Bind at least the \
             claim that names the repository, such as `repository = \"{organization}/{app}\"`.",
        ));
    }
    for (claim, value) in &mut claims {
        let told = format!("`{claim} = \"{}\"`", value.escape_debug());
        let default = if given.is_none() { ", the default," } else { "" };
        if value.contains("{organization}") {
            let Some(organization) = &inputs.organization else {
                errors.push(fail(
                    "bound_claims",
                    &format!(
                        "The claim {told}{default} needs an organization, and the provider block names none. Set \
                         `organization` in the provider block, or write the claim without it."
                    ),
                ));
                continue;
            };
            *value = value.replace("{organization}", organization);
        }
        if value.replace("{app}", "").contains(['{', '}', '*']) {
            errors.push(fail(
                "bound_claims",
                &format!(
                    "The claim {told} holds something else in braces, or a `*`: only `{{organization}}` and \
                     `{{app}}` are replaced, and `*` would match any value."
                ),
            ));
        }
    }
    let Ok(revision) = u64::try_from(revision) else {
        errors.push(fail("revision", "A revision is a whole number, 0 or more."));
        return None;
    };
    Some(CiLayout { mount, bound_claims: claims, bound_audiences, user_claim, revision })
}

fn missing(name: &str, what: &str, next: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Vault: `{name}` is missing"),
        format!("The `vault` block of the provider configuration gives no {what}. {next}"),
    )
    .at(at(name))
}

fn unreadable(name: &str, file: &str, error: &std::io::Error) -> Diagnostic {
    wrong(name, &format!("The file \"{}\" cannot be read: {error}.", file.escape_debug()))
}

/// `name` may lead into a block: `ci.mount`.
fn wrong(name: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Vault: `{name}` cannot be used"),
        format!("Reading the `vault` block of the provider configuration failed. {what}"),
    )
    .at(at(name))
}

/// The place of an argument of the block.
fn at(name: &str) -> Path {
    name.split('.').fold(Path::attribute("vault"), Path::field)
}
