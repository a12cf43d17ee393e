// SPDX-License-Identifier: MPL-2.0
//! Every refusal with its exact message: subject, summary, detail.

use std::fmt::Write;

use appenv::naming::{
    Environments, Inputs, NameError, Names, Overrides, Template, check_app, check_env,
    check_service, parse_instance,
};

use super::super::{defaults, derive, env, env_of, set};

type Case = (&'static str, Vec<NameError>);

fn one<T>(result: Result<T, NameError>) -> Vec<NameError> {
    result.err().into_iter().collect()
}

fn all<T>(result: Result<T, Vec<NameError>>) -> Vec<NameError> {
    result.err().unwrap_or_default()
}

fn grammar() -> Vec<Case> {
    vec![
        ("app: empty", one(check_app(""))),
        ("app: a Cyrillic letter", one(check_app("sh\u{43e}p"))),
        ("app: a bidirectional override", one(check_app("erp\u{202e}"))),
        ("app: NUL", one(check_app("erp\0x"))),
        ("app: a capital", one(check_app("Shop"))),
        ("app: a space", one(check_app("my app"))),
        ("app: an underscore", one(check_app("my_app"))),
        ("app: a glob", one(check_app("shop/*\" { capabilities=[\"sudo\"] }"))),
        ("app: begins with a digit", one(check_app("2shop"))),
        ("app: begins with a dash", one(check_app("-shop"))),
        ("app: ends in a dash", one(check_app("shop-"))),
        ("app: two dashes", one(check_app("my--shop"))),
        ("app: too long", one(check_app(&"a".repeat(41)))),
        ("app: reserved", one(check_app("appenv"))),
        ("app: ends in -ops", one(check_app("erp-ops"))),
        ("app: ops", one(check_app("ops"))),
        ("env: a capital", one(check_env("Prod"))),
        ("env: too long", one(check_env(&"e".repeat(21)))),
        ("env: main", one(check_env("main"))),
        ("env: secrets", one(check_env("secrets"))),
        ("env: ops", one(check_env("ops"))),
        ("env: appenv", one(check_env("appenv"))),
        ("env: backup", one(check_env("backup"))),
        ("env: ends in -ops", one(check_env("blue-ops"))),
        ("service: a dot", one(check_service("api.v2"))),
        ("service: too long", one(check_service(&"s".repeat(31)))),
    ]
}

fn declarations() -> Vec<Case> {
    let new = |convention, elided, declared| all(Environments::new(convention, elided, declared));
    let elided = |elided, declared| new("elided-v1", elided, declared);
    let prod = || env("prod", true);
    vec![
        ("convention: unknown", new("elided-v9", None, Vec::new())),
        ("declared: twice", elided(None, vec![prod(), prod()])),
        ("declared: not in the grammar", elided(None, vec![env("pr\u{f6}d", true)])),
        ("declared: reserved", elided(None, vec![env("backup", false)])),
        (
            "declared: an app not in the grammar",
            elided(None, vec![prod(), env_of("dev", &["Erp"])]),
        ),
        ("declared: ends in another", elided(None, vec![prod(), env("pre-prod", false)])),
        (
            "declared: ends in another, narrowed to apps that meet",
            elided(None, vec![env_of("eu-dev", &["crm", "erp"]), env_of("dev", &["erp-eu"])]),
        ),
        ("elided: two production envs", elided(None, vec![env("us", true), env("eu", true)])),
        ("elided: not a production env", elided(Some("dev"), vec![prod(), env("dev", false)])),
        ("elided: not declared", elided(Some("live"), vec![prod()])),
        ("elided: no production env", elided(Some("dev"), vec![env("dev", false)])),
        (
            "all at once",
            new(
                "v1",
                None,
                vec![env("main", true), env("dev", false), env("dev", false), env("x-dev", false)],
            ),
        ),
    ]
}

fn coordinates() -> Vec<Case> {
    let narrow = vec![env("prod", true), env_of("sandbox", &["crm", "erp"])];
    let narrow = Environments::new("elided-v1", None, narrow).unwrap();
    let no_production = Environments::new("elided-v1", None, vec![env("dev", false)]).unwrap();
    vec![
        ("coordinate: env not declared", all(defaults().coordinate("erp", "production"))),
        ("coordinate: env not open to the app", all(narrow.coordinate("shop", "sandbox"))),
        (
            "coordinate: app that is another in an env",
            all(defaults().coordinate("erp-sandbox", "prod")),
        ),
        ("coordinate: the same in another env", all(defaults().coordinate("erp-sandbox", "dev"))),
        (
            "coordinate: the same with no default env",
            all(no_production.coordinate("erp-dev", "dev")),
        ),
        (
            "coordinate: the env that elides counts too",
            all(defaults().coordinate("erp-prod", "prod")),
        ),
        ("coordinate: all at once", all(defaults().coordinate("Erp", "qa"))),
        ("coordinate: none in the grammar", all(defaults().coordinate("", "\u{200b}"))),
        ("parse: no instance", one(parse_instance("Erp", &defaults()))),
        ("parse: app that is refused", one(parse_instance("erp-dev-sandbox", &defaults()))),
        ("parse: env not open to the app", one(parse_instance("shop", &no_production))),
    ]
}

fn services() -> Vec<Case> {
    let service = |app, env, name| all(derive(&defaults(), app, env, &[name]));
    let staging = vec![env("prod", true), env("staging", false), env("staging-eu", false)];
    let staging = Environments::new("elided-v1", None, staging).unwrap();
    vec![
        ("service: not in the grammar", service("erp", "prod", "API")),
        ("service: is a declared env", service("erp", "prod", "dev")),
        ("service: begins with a declared env", service("erp", "sandbox", "prod-api")),
        ("service: spells an env in the middle", service("erp", "dev", "web-prod-api")),
        ("service: completes a longer env", all(derive(&staging, "erp", "staging", &["eu-api"]))),
        (
            "service: too long with app and env",
            service(&"a".repeat(38)[..], "staging", &"s".repeat(30)),
        ),
    ]
}

fn inputs() -> Vec<Case> {
    let derive = |inputs: Inputs| {
        let environments = defaults();
        let coordinate = environments.coordinate("erp", "sandbox").unwrap();
        all(Names::derive(&environments, &coordinate, &set(&[]), &inputs))
    };
    let domain =
        |domain: &str| derive(Inputs { domain: Some(domain.to_owned()), ..Inputs::default() });
    let root = |root: &str| derive(Inputs { root: Some(root.to_owned()), ..Inputs::default() });
    vec![
        ("domain: empty", domain("")),
        ("domain: a capital", domain("Arcodange.lab")),
        ("domain: a dot at the end", domain("arcodange.lab.")),
        ("domain: a long label", domain(&format!("{}.lab", "d".repeat(64)))),
        ("domain: too long with the instance", domain(&["d"; 125].join("."))),
        ("root: relative", root("opt")),
        ("root: a slash at the end", root("/opt/")),
        ("root: a step up", root("/opt/../etc")),
        ("root: a control character", root("/op\nt")),
        (
            "organization: a space",
            derive(Inputs { organization: Some("my org".to_owned()), ..Inputs::default() }),
        ),
    ]
}

fn targets() -> Vec<Case> {
    let long = vec![env(&"e".repeat(20), false)];
    let long = Environments::new("elided-v1", None, long).unwrap();
    vec![
        ("target: over the limit", all(derive(&long, &"a".repeat(40), &"e".repeat(20), &[]))),
        ("target: PostgreSQL's own database", all(derive(&defaults(), "postgres", "prod", &[]))),
        ("target: Vault's own policy", all(derive(&defaults(), "default", "prod", &[]))),
        ("target: a namespace of the system", all(derive(&defaults(), "kube-system", "prod", &[]))),
        ("target: a prefix AWS keeps", all(derive(&defaults(), "aws-tools", "prod", &[]))),
        ("template: unknown variable", one(Template::parse("database", "{app}-{environment}"))),
        ("template: unknown filter", one(Template::parse("database", "{app.upper}"))),
        ("template: unbalanced", one(Template::parse("database", "{app}[-{env}"))),
    ]
}

fn overrides() -> Vec<Case> {
    let block = |key: &str, text: &str| [(key.to_owned(), text.to_owned())].into();
    let provider = |key, text| all(Overrides::new(&block(key, text), &[].into()));
    let resource = |key, text| all(Overrides::new(&[].into(), &block(key, text)));
    let environments = defaults();
    let coordinate = environments.coordinate("erp", "prod").unwrap();
    let absent = block("database", "{organization}_{app}_{env.snake}");
    let absent = Overrides::new(&absent, &[].into()).unwrap();
    let absent =
        all(Names::derive_with(&environments, &coordinate, &set(&[]), &Inputs::default(), &absent));
    vec![
        ("override: no such name", provider("data_base", "{app}-{env}")),
        ("override: the instance by a template", provider("instance", "{app}-{env}")),
        ("override: the instance by a name", resource("instance", "erp")),
        ("override: template that cannot be read", provider("database", "{app")),
        ("override: template without the app", provider("database", "db-{env}")),
        ("override: template without the env", provider("database", "{app}")),
        ("override: template of a shared name with the env", provider("ci_role", "ci_{app}_{env}")),
        ("override: template without the service", provider("services", "{app}-{env}")),
        ("override: template with a stray service", provider("database", "{app}-{env}-{service}")),
        ("override: one name for all services", resource("services", "erp-api")),
        ("override: a name never allowed", resource("database", "template1")),
        ("override: a name outside the alphabet", resource("runtime_policy", "Erp")),
        ("override: a name over the limit", resource("owner_role", &"r".repeat(64))),
        ("override: an input that is absent", absent),
    ]
}

#[test]
fn every_refusal_has_its_message() {
    let mut out = String::new();
    for cases in
        [grammar(), declarations(), coordinates(), services(), inputs(), targets(), overrides()]
    {
        for (title, errors) in cases {
            assert!(!errors.is_empty(), "{title}: accepted");
            writeln!(out, "# {title}").unwrap();
            for error in errors {
                writeln!(out, "{:?}: {}\n    {}", error.subject, error.summary, error.detail)
                    .unwrap();
            }
            out.push('\n');
        }
    }
    let out = out.trim_end();
    let golden = include_str!("../golden/names-refusals.txt");
    for (number, (new, old)) in out.lines().zip(golden.lines()).enumerate() {
        assert_eq!(new, old, "line {} of names-refusals.txt", number + 1);
    }
    assert_eq!(
        out.lines().count(),
        golden.lines().count(),
        "names-refusals.txt ends elsewhere:\n{out}"
    );
}
