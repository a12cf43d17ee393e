// SPDX-License-Identifier: MPL-2.0
//! The provider block: where each setting comes from, and how each mistake is said.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use appenv::facet::postgres::SslMode;
use appenv::facet::vault::Login;
use appenv::settings::model::{
    AuthApprole, AuthJwt, AuthRole, CiModel, EnvironmentModel, GatesModel, KubernetesModel, Model,
    PostgresModel, VaultModel,
};
use appenv::settings::names::NamesModel;
use appenv::settings::{NamingGate, Settings, Target};
use appenv::world::World;
use tfplugin::value::{Attr, Secret};

/// A world with this environment, in the directory of the tests' own files.
fn world(env: &[(&str, &str)]) -> World {
    let env: BTreeMap<String, String> =
        env.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    World::with(move |name| env.get(name).cloned(), here)
}

fn text(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

fn secret(text: &str) -> Attr<Secret<String>> {
    Attr::Known(Secret::new(text.to_owned()))
}

fn with_postgres(postgres: PostgresModel) -> Model {
    Model { owner: text("team"), postgres: Some(postgres), ..Model::default() }
}

fn with_vault(vault: VaultModel) -> Model {
    Model { owner: text("team"), vault: Some(vault), ..Model::default() }
}

/// Where and what is wrong, one line each; no credential may be in it.
fn wrong(model: &Model, env: &[(&str, &str)]) -> Vec<String> {
    let Err(errors) = Settings::read(model, &world(env)) else { return Vec::new() };
    let lines = errors.0.iter().map(|error| {
        let all = format!("{} {}", error.summary, error.detail);
        assert!(!all.contains("hunter2"), "{all}");
        assert!(error.detail.ends_with('.'), "{all}");
        let place = error.attribute.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{place}: {}", error.summary)
    });
    lines.collect()
}

fn postgres(model: PostgresModel, env: &[(&str, &str)]) -> appenv::facet::postgres::Settings {
    match Settings::read(&with_postgres(model), &world(env)).unwrap().postgres {
        Target::Known(settings) => settings,
        other => panic!("{other:?}"),
    }
}

fn vault(model: VaultModel, env: &[(&str, &str)]) -> appenv::facet::vault::Settings {
    match Settings::read(&with_vault(model), &world(env)).unwrap().vault {
        Target::Known(settings) => settings,
        other => panic!("{other:?}"),
    }
}

const PG: [(&str, &str); 8] = [
    ("PGHOST", "env-host"),
    ("PGPORT", "5433"),
    ("PGUSER", "env-user"),
    ("PGPASSWORD", "env-password"),
    ("PGDATABASE", "env-database"),
    ("PGSSLMODE", "require"),
    ("PGSSLROOTCERT", "golden/names-elided-v1.txt"),
    ("PGCONNECT_TIMEOUT", "3"),
];

#[test]
fn an_empty_block_takes_everything_from_the_environment() {
    let read = postgres(PostgresModel::default(), &PG);
    assert_eq!(read.address(), "env-host:5433");
    assert_eq!((read.user.as_str(), read.database.as_str()), ("env-user", "env-database"));
    assert!(read.password.is_some() && read.sslrootcert.is_some());
    assert_eq!(read.sslmode, Some(SslMode::Require));
    assert_eq!(read.connect_timeout, Duration::from_secs(3));
}

#[test]
fn arguments_come_before_the_environment() {
    let model = PostgresModel {
        host: text("a, b"),
        port: Attr::Known(6000),
        user: text("u"),
        database: text("d"),
        sslmode: text("verify-full"),
        ..PostgresModel::default()
    };
    let read = postgres(model, &PG);
    assert_eq!(read.address(), "a:6000, b:6000");
    assert_eq!((read.user.as_str(), read.database.as_str()), ("u", "d"));
    assert_eq!(read.sslmode, Some(SslMode::VerifyFull));
    assert!(read.password.is_some(), "what is left out still comes from the environment");
}

#[test]
fn a_url_comes_before_the_environment_which_fills_what_it_leaves_out() {
    let url = |url: &str| PostgresModel { url: secret(url), ..PostgresModel::default() };
    let whole = "postgres://u:hunter2@h:7000/d?sslmode=verify-ca&connect_timeout=9";
    let read = postgres(url(whole), &PG);
    assert_eq!(read.address(), "h:7000");
    assert_eq!((read.user.as_str(), read.database.as_str()), ("u", "d"));
    assert_eq!(read.sslmode, Some(SslMode::VerifyCa));
    assert_eq!(read.connect_timeout, Duration::from_secs(9));
    let read = postgres(url("postgres://u@h"), &PG);
    assert_eq!(read.database, "env-database");
    assert_eq!(read.sslmode, Some(SslMode::Require));
    assert!(read.password.is_some() && read.sslrootcert.is_some());
    assert_eq!(read.connect_timeout, Duration::from_secs(3));
}

#[test]
fn with_neither_the_defaults_hold() {
    let model = PostgresModel { host: text("h"), user: text("u"), ..PostgresModel::default() };
    let read = postgres(model, &[("PGDATABASE", ""), ("PGPASSWORD", "")]);
    assert_eq!((read.address().as_str(), read.database.as_str()), ("h:5432", "postgres"));
    assert!(read.password.is_none() && read.sslmode.is_none(), "an empty variable is none");
}

#[test]
fn every_mistake_of_the_postgres_block_has_its_place() {
    let host = || PostgresModel { host: text("h"), user: text("u"), ..PostgresModel::default() };
    let url = |url: &str| PostgresModel { url: secret(url), ..PostgresModel::default() };
    let of = |model, env: &[(&str, &str)]| wrong(&with_postgres(model), env);
    assert_eq!(
        of(PostgresModel::default(), &[]),
        [
            "postgres.host: PostgreSQL: `host` is missing",
            "postgres.user: PostgreSQL: `user` is missing"
        ]
    );
    let cannot = |name: &str| vec![format!("postgres.{name}: PostgreSQL: `{name}` cannot be used")];
    for port in [0, -1, 65_536] {
        let model = PostgresModel { port: Attr::Known(port), ..host() };
        assert_eq!(of(model, &[]), cannot("port"), "{port}");
    }
    assert_eq!(of(host(), &[("PGPORT", "http")]), cannot("port"));
    assert_eq!(of(PostgresModel { host: text("a b"), ..host() }, &[]), cannot("host"));
    assert_eq!(of(PostgresModel { sslmode: text("prefer"), ..host() }, &[]), cannot("sslmode"));
    assert_eq!(of(host(), &[("PGSSLMODE", "allow")]), cannot("sslmode"));
    let missing = PostgresModel { sslrootcert: text("no/such.pem"), ..host() };
    assert_eq!(of(missing, &[]), cannot("sslrootcert"));
    assert_eq!(
        of(host(), &[("PGCONNECT_TIMEOUT", "0")]),
        ["postgres: PostgreSQL: `PGCONNECT_TIMEOUT` cannot be used"]
    );
    for text in ["hunter2", "postgres://u:hunter2@x@h/d", "postgres://h/d", "mysql://u:hunter2@h"] {
        assert_eq!(of(url(text), &[]), cannot("url"), "{text}");
    }
    let beside = PostgresModel { password: secret("hunter2"), ..url("postgres://u@h/d") };
    assert_eq!(of(beside, &[]), cannot("url"));
    // Several at once, in one go.
    let model = PostgresModel { sslmode: text("prefer"), sslrootcert: text("no"), ..host() };
    assert_eq!(of(model, &[]).len(), 2);
}

#[test]
fn vault_takes_arguments_then_its_own_variables_then_openbaos() {
    let bao = [("BAO_ADDR", "http://bao"), ("BAO_TOKEN", "bao-token"), ("BAO_NAMESPACE", "bn")];
    let read = vault(VaultModel::default(), &bao);
    assert_eq!(read.address, "http://bao");
    assert_eq!(read.namespace.as_deref(), Some("bn"));
    assert_eq!(read.timeout, Duration::from_secs(60));
    let both = [
        bao.as_slice(),
        &[
            ("VAULT_ADDR", "http://vault"),
            ("VAULT_TOKEN", "vault-token"),
            ("VAULT_NAMESPACE", "vn"),
            ("VAULT_CACERT", "golden/names-elided-v1.txt"),
            ("VAULT_CLIENT_TIMEOUT", "5"),
        ],
    ]
    .concat();
    let read = vault(VaultModel::default(), &both);
    assert_eq!((read.address.as_str(), read.namespace.as_deref()), ("http://vault", Some("vn")));
    assert!(read.ca_cert.is_some());
    assert_eq!(read.timeout, Duration::from_secs(5));
    let model = VaultModel {
        address: text("https://given"),
        token: secret("t"),
        namespace: text("n"),
        ..VaultModel::default()
    };
    let read = vault(model, &both);
    assert_eq!((read.address.as_str(), read.namespace.as_deref()), ("https://given", Some("n")));
}

#[test]
fn each_login_is_taken_and_a_token_in_the_environment_does_not_stand_in_its_way() {
    let env = [("VAULT_ADDR", "http://vault"), ("VAULT_TOKEN", "t")];
    let approle =
        AuthApprole { role_id: text("r"), secret_id: secret("s"), ..AuthApprole::default() };
    let read = vault(VaultModel { auth_approle: Some(approle), ..VaultModel::default() }, &env);
    assert!(matches!(read.login, Login::AppRole { mount, .. } if mount == "approle"));
    let file = text("golden/names-elided-v1.txt");
    let pod = AuthRole { mount: text("k"), role: text("r"), token_file: file };
    let read = vault(VaultModel { auth_kubernetes: Some(pod), ..VaultModel::default() }, &env);
    assert!(
        matches!(read.login, Login::Kubernetes { mount, role, .. } if mount == "k" && role == "r")
    );
    let jwt = AuthJwt { role: text("r"), jwt: secret("j"), ..AuthJwt::default() };
    let read = vault(VaultModel { auth_jwt: Some(jwt), ..VaultModel::default() }, &env);
    assert!(matches!(read.login, Login::Jwt { mount, .. } if mount == "jwt"));
}

#[test]
fn every_mistake_of_the_vault_block_has_its_place() {
    let env = [("VAULT_ADDR", "http://vault"), ("VAULT_TOKEN", "hunter2")];
    let of = |model| wrong(&with_vault(model), &env);
    assert_eq!(
        wrong(&with_vault(VaultModel::default()), &[]),
        ["vault.address: Vault: `address` is missing", "vault.token: Vault: `token` is missing"]
    );
    let cannot = |name: &str| vec![format!("vault.{name}: Vault: `{name}` cannot be used")];
    let approle = Some(AuthApprole::default());
    let two =
        VaultModel { token: secret("hunter2"), auth_approle: approle, ..VaultModel::default() };
    assert_eq!(of(two), cannot("token"));
    let file = VaultModel { ca_cert_file: text("no/such.pem"), ..VaultModel::default() };
    assert_eq!(of(file), cannot("ca_cert_file"));
    let pod = AuthRole { role: text("r"), token_file: text("no/such"), ..AuthRole::default() };
    let pod = VaultModel { auth_kubernetes: Some(pod), ..VaultModel::default() };
    assert_eq!(of(pod), cannot("auth_kubernetes.token_file"));
    for mount in ["", "/kv", "kv/", "a//b", "../sys", "a b", "kv?x"] {
        let model = VaultModel { kv_mount: text(mount), ..VaultModel::default() };
        assert_eq!(of(model), cannot("kv_mount"), "{mount}");
    }
    let pods = Some(KubernetesModel { mount: text("..") });
    assert_eq!(
        of(VaultModel { kubernetes: pods, ..VaultModel::default() }),
        cannot("kubernetes.mount")
    );
    assert_eq!(
        wrong(
            &with_vault(VaultModel::default()),
            &[&env[..], &[("VAULT_CLIENT_TIMEOUT", "long")]].concat()
        ),
        ["vault: Vault: `VAULT_CLIENT_TIMEOUT` cannot be used"]
    );
}

#[test]
fn a_ci_role_that_admits_more_than_its_repository_is_refused() {
    let env = [("VAULT_ADDR", "http://vault"), ("VAULT_TOKEN", "t")];
    let ci = |claims: Option<&[(&str, &str)]>| CiModel {
        mount: text("jwt"),
        bound_claims: claims.map_or(Attr::Null, |claims| {
            Attr::Known(
                claims.iter().map(|(key, value)| ((*key).to_owned(), text(value))).collect(),
            )
        }),
        ..CiModel::default()
    };
    let of = |ci: CiModel, organization: Attr<String>| {
        let vault = VaultModel { ci: Some(ci), ..VaultModel::default() };
        wrong(&Model { organization, ..with_vault(vault) }, &env)
    };
    let org = || text("org");
    let claims = ["vault.ci.bound_claims: Vault: `ci.bound_claims` cannot be used"];
    assert_eq!(of(ci(None), org()), [""; 0]);
    assert_eq!(of(ci(None), Attr::Null), claims, "the default needs an organization");
    assert_eq!(of(ci(Some(&[("repository", "org/erp")])), org()), claims);
    assert_eq!(of(ci(Some(&[("repository", "org/{app}*")])), org()), claims);
    assert_eq!(of(ci(Some(&[("repository", "{organisation}/{app}")])), org()), claims);
    assert_eq!(of(ci(Some(&[("repository", "org/{app}"), ("ref", "main")])), Attr::Null), [""; 0]);
    let revision = CiModel { revision: Attr::Known(-1), ..ci(None) };
    assert_eq!(of(revision, org()), ["vault.ci.revision: Vault: `ci.revision` cannot be used"]);
    assert_eq!(
        of(CiModel { mount: text("a b"), ..ci(None) }, org()),
        ["vault.ci.mount: Vault: `ci.mount` cannot be used"]
    );
}

#[test]
fn an_unknown_endpoint_or_credential_makes_the_server_unknown_and_nothing_else() {
    let unknown = || Attr::<String>::Unknown;
    let postgres = [
        PostgresModel { host: unknown(), ..PostgresModel::default() },
        PostgresModel { url: Attr::Unknown, ..PostgresModel::default() },
        PostgresModel { port: Attr::Unknown, ..PostgresModel::default() },
        PostgresModel { password: Attr::Unknown, ..PostgresModel::default() },
        PostgresModel { sslrootcert: unknown(), ..PostgresModel::default() },
    ];
    for model in postgres {
        let settings = Settings::read(&with_postgres(model.clone()), &world(&[])).unwrap();
        assert!(settings.postgres.is_unknown() && settings.has_unknown_target(), "{model:?}");
        assert_eq!(settings.facets(), ["postgres"]);
    }
    let vault = [
        VaultModel { address: unknown(), ..VaultModel::default() },
        VaultModel { token: Attr::Unknown, ..VaultModel::default() },
        VaultModel {
            auth_approle: Some(AuthApprole { secret_id: Attr::Unknown, ..AuthApprole::default() }),
            ..VaultModel::default()
        },
    ];
    for model in vault {
        let settings = Settings::read(&with_vault(model.clone()), &world(&[])).unwrap();
        assert!(settings.vault.is_unknown(), "{model:?}");
        assert_eq!(settings.layout.unwrap().kv_mount, "kvv2", "names do not wait for it");
    }
}

#[test]
fn anything_else_that_is_unknown_is_said_once_by_name() {
    let env =
        [("VAULT_ADDR", "http://vault"), ("VAULT_TOKEN", "t"), ("PGHOST", "h"), ("PGUSER", "u")];
    let base =
        || Model { postgres: Some(PostgresModel::default()), ..with_vault(VaultModel::default()) };
    let of_vault = |vault| wrong(&Model { vault: Some(vault), ..base() }, &env);
    let of = |model: Model| wrong(&model, &env);
    let unknown = |place: &str| vec![format!("{place}: `{place}` is not known yet")];
    assert_eq!(of(Model { owner: Attr::Unknown, ..base() }), unknown("owner"));
    assert_eq!(of(Model { domain: Attr::Unknown, ..base() }), unknown("domain"));
    assert_eq!(of(Model { convention: Attr::Unknown, ..base() }), unknown("convention"));
    let environment = |name, production, apps| EnvironmentModel {
        name,
        production,
        apps,
        ..EnvironmentModel::default()
    };
    for (environment, place) in [
        (environment(Attr::Unknown, Attr::Null, Attr::Null), "environment[0].name"),
        (environment(text("a"), Attr::Unknown, Attr::Null), "environment[0].production"),
        (environment(text("a"), Attr::Null, Attr::Unknown), "environment[0].apps"),
        (
            environment(text("a"), Attr::Null, Attr::Known(vec![Attr::Unknown])),
            "environment[0].apps",
        ),
    ] {
        let model = Model { environment: vec![environment], elided: text("a"), ..base() };
        assert_eq!(of(model), unknown(place));
    }
    assert_eq!(
        of_vault(VaultModel { kv_mount: Attr::Unknown, ..VaultModel::default() }),
        unknown("vault.kv_mount")
    );
    let ci = CiModel { mount: Attr::Unknown, bound_claims: Attr::Unknown, ..CiModel::default() };
    assert_eq!(
        of_vault(VaultModel { ci: Some(ci), ..VaultModel::default() }),
        [unknown("vault.ci.mount"), unknown("vault.ci.bound_claims")].concat()
    );
    // Before the provider is configured nothing of this is an error.
    let unknown = EnvironmentModel { name: Attr::Unknown, ..EnvironmentModel::default() };
    Settings::validate(&Model { owner: Attr::Unknown, environment: vec![unknown], ..base() })
        .unwrap();
}

#[test]
fn an_owner_is_needed_with_the_first_server() {
    assert_eq!(wrong(&Model::default(), &[]), [""; 0]);
    let model = Model { owner: Attr::Null, ..with_vault(VaultModel::default()) };
    let env = [("VAULT_ADDR", "http://vault"), ("VAULT_TOKEN", "t")];
    assert_eq!(wrong(&model, &env), ["owner: `owner` is missing"]);
    for owner in ["", "two words", "caf\u{e9}", &"x".repeat(201)] {
        let model = Model { owner: text(owner), ..Model::default() };
        assert_eq!(wrong(&model, &[]), ["owner: `owner` cannot be used"], "{owner}");
    }
}

fn gates(naming: Attr<String>) -> Model {
    Model { gates: Some(GatesModel { naming, ..GatesModel::default() }), ..Model::default() }
}

#[test]
fn the_naming_gate_is_one_of_three_and_enforces_by_default() {
    let read = |model: &Model| Settings::read(model, &world(&[])).unwrap().naming;
    assert_eq!(read(&Model::default()), NamingGate::Enforce);
    for (given, gate) in [
        (Attr::Null, NamingGate::Enforce),
        (text("enforce"), NamingGate::Enforce),
        (text("warn"), NamingGate::Warn),
        (text("off"), NamingGate::Off),
    ] {
        assert_eq!(read(&gates(given)), gate);
    }
    for wrong_one in ["", "Off", "strict", "none"] {
        let model = gates(text(wrong_one));
        let told = vec![format!("gates.naming: `gates.naming` cannot be \"{wrong_one}\"")];
        assert_eq!(wrong(&model, &[]), told);
        assert_eq!(Settings::validate(&model).unwrap_err().0.len(), 1, "{wrong_one}");
    }
    assert_eq!(
        wrong(&gates(Attr::Unknown), &[]),
        ["gates.naming: `gates.naming` is not known yet"]
    );
    Settings::validate(&gates(Attr::Unknown)).unwrap();
}

#[test]
fn a_declaration_that_is_ambiguous_is_the_gates_to_judge() {
    let environment = ["eu-sandbox", "sandbox"]
        .map(|name| EnvironmentModel { name: text(name), ..EnvironmentModel::default() });
    let of = |gate: &str| Model { environment: environment.to_vec(), ..gates(text(gate)) };
    assert_eq!(wrong(&of("enforce"), &[]).len(), 1);
    for gate in ["warn", "off"] {
        assert_eq!(wrong(&of(gate), &[]), [""; 0]);
        Settings::validate(&of(gate)).unwrap();
    }
    // A name given twice is no doubt but a mistake.
    for gate in ["enforce", "warn", "off"] {
        let mut twice = of(gate);
        twice.environment[0].name = text("sandbox");
        assert_eq!(wrong(&twice, &[]).len(), 1, "{gate}");
    }
}

#[test]
fn every_mistake_of_a_template_has_its_place() {
    let of = |names: NamesModel| Model { names: Some(names), ..Model::default() };
    let database =
        |template: &str| of(NamesModel { database: text(template), ..NamesModel::default() });
    let settings = Settings::read(&database("db_{app.snake}_{env}"), &world(&[])).unwrap();
    assert_eq!(settings.templates["database"], "db_{app.snake}_{env}");
    assert_eq!(settings.templates.len(), 1);
    for (template, summary) in [
        ("{app.upper}_{env}", "Template of database cannot be read at character 1"),
        ("{app}_{envv}", "Template of database cannot be read at character 7"),
        ("{app}_{env", "Template of database cannot be read at character 7"),
        ("db_{env}", "Template of database does not hold the app"),
        ("{app}", "Template of database does not hold the env"),
        ("", "Template of database does not hold the app"),
        ("{app}_{env}_{service}", "Template of database cannot hold {service}"),
    ] {
        let told = wrong(&database(template), &[]);
        assert_eq!(told, [format!("names.database: {summary}")], "{template}");
        assert_eq!(Settings::validate(&database(template)).unwrap_err().0.len(), 1, "{template}");
    }
    let shared =
        |template: &str| of(NamesModel { ops_policy: text(template), ..NamesModel::default() });
    assert_eq!(wrong(&shared("{app}-operators"), &[]), [""; 0]);
    assert_eq!(
        wrong(&shared("{app}-{env}-ops"), &[]),
        ["names.ops_policy: Template of ops_policy cannot hold the env"]
    );
    let services = NamesModel { services: text("{app}-{env}"), ..NamesModel::default() };
    assert_eq!(
        wrong(&of(services), &[]),
        ["names.services: Template of services does not hold the service"]
    );
    let several =
        NamesModel { database: text("{app}"), owner_role: text("{env}"), ..NamesModel::default() };
    assert_eq!(wrong(&of(several), &[]).len(), 2, "all at once");
    let unknown = of(NamesModel { kv_path: Attr::Unknown, ..NamesModel::default() });
    assert_eq!(wrong(&unknown, &[]), ["names.kv_path: `names.kv_path` is not known yet"]);
    Settings::validate(&unknown).unwrap();
}
