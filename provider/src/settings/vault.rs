//! The `vault` block: arguments, then the environment variables of Vault and OpenBao.

use std::collections::BTreeMap;
use std::time::Duration;

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path, Secret};

use super::model::{CiModel, VaultModel};
use super::{CiLayout, Known, Target, VaultLayout};
use crate::facet::vault::{Login, Sensitive, Settings};
use crate::naming::Inputs;
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
        Err(diagnostic) => {
            errors.push(diagnostic);
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

fn known(model: &VaultModel, world: &World) -> Result<Settings, Diagnostic> {
    let or_env = |value: &Attr<String>, names: &[&str]| {
        value.known().cloned().or_else(|| world.first_env(names))
    };
    let address = or_env(&model.address, &["VAULT_ADDR", "BAO_ADDR"]).ok_or_else(|| {
        wrong(
            "address",
            "No address is given: set `address`, or the environment variable VAULT_ADDR or BAO_ADDR.",
        )
    })?;
    let ca_cert = match or_env(&model.ca_cert_file, &["VAULT_CACERT", "BAO_CACERT"]) {
        Some(file) => Some(world.read_file(&file).map_err(|error| {
            let file = file.escape_debug();
            wrong("ca_cert_file", &format!("The file \"{file}\" cannot be read: {error}."))
        })?),
        None => None,
    };
    Ok(Settings {
        address,
        login: login(model, world)?,
        namespace: or_env(&model.namespace, &["VAULT_NAMESPACE", "BAO_NAMESPACE"]),
        ca_cert: ca_cert.map(String::into_bytes),
        timeout: Duration::from_secs(60),
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
        let jwt = world.read_file(&file).map_err(|error| {
            let file = file.escape_debug();
            wrong("auth_kubernetes", &format!("The file \"{file}\" cannot be read: {error}."))
        })?;
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
        wrong(
            "token",
            "No credential is given: set `token`, `auth_approle`, `auth_kubernetes` or `auth_jwt`, or the \
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
    let at = |name: &str| Path::attribute("vault").field(name);
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
                "A mount or a name here is made of letters, digits, `_`, `-` and `.`, with `/` between segments \
                 and none at the ends.",
            ));
        }
        text
    };
    let kv_mount = mount(&model.kv_mount, "kv_mount", "kvv2");
    let database_mount = mount(&model.database_mount, "database_mount", "postgres");
    let database_connection = mount(&model.database_connection, "database_connection", "postgres");
    let kubernetes =
        model.kubernetes.as_ref().map(|block| mount(&block.mount, "kubernetes", "kubernetes"));
    let ci_mount = model.ci.as_ref().map(|block| mount(&block.mount, "ci", "jwt"));
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
    let at = |name: &str| Path::attribute("vault").field("ci").field(name);
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
    let fail = |name: &str, what: &str| {
        Diagnostic::error(
            format!("Vault: `ci.{name}` cannot be used"),
            format!("Reading the `vault.ci` block of the provider configuration failed. {what}"),
        )
        .at(at(name))
    };
    if !claims.values().any(|value| value.contains("{app}")) {
        errors.push(fail(
            "bound_claims",
            "No claim holds `{app}`, so a token of any repository could act for every app. Bind at least the \
             claim that names the repository, such as `repository = \"{organization}/{app}\"`.",
        ));
    }
    for value in claims.values_mut() {
        if value.contains("{organization}") {
            match &inputs.organization {
                Some(organization) => *value = value.replace("{organization}", organization),
                None => errors.push(fail(
                    "bound_claims",
                    "A claim holds `{organization}`, but `organization` is not set in the provider block. Set \
                     it, or write the claims out.",
                )),
            }
        }
        let rest = value.replace("{app}", "");
        if rest.contains(['{', '}', '*']) {
            errors.push(fail(
                "bound_claims",
                "Only `{organization}` and `{app}` are replaced, and `*` would match any value.",
            ));
        }
    }
    let Ok(revision) = u64::try_from(revision) else {
        errors.push(fail("revision", "A revision is a number from 0."));
        return None;
    };
    Some(CiLayout { mount, bound_claims: claims, bound_audiences, user_claim, revision })
}

fn wrong(name: &str, what: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Vault: `{name}` cannot be used"),
        format!("Reading the `vault` block of the provider configuration failed. {what}"),
    )
    .at(Path::attribute("vault").field(name))
}
