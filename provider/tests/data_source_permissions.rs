// SPDX-License-Identifier: MPL-2.0
//! `appenv_permissions` through the protocol: which texts it answers, for which names, and where a mistake is.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, missing_docs)]
#[path = "../../proto/tests/server/cli.rs"]
mod cli;
#[path = "../../proto/src/gen/mod.rs"]
mod wire;

use appenv::data_source::permissions::PermissionsSource;
use appenv::provider::Appenv;
use appenv::world::World;
use tfplugin::data_source::DataSource;
use tfplugin::provider::Provider;
use tfplugin::stop::StopHandle;
use tfplugin::value::Value;

use cli::{Client, field};
use wire::tfplugin6 as messages;

fn provider() -> Appenv {
    let home = |name: &str| (name == "HOME").then(|| "/home/deploy".to_owned());
    Appenv::new(World::with(home, std::env::temp_dir()))
}

/// A provider with these blocks, each with these attributes, beside attributes of its own.
async fn configured(own: &[(&str, Value)], blocks: &[(&str, &[(&str, Value)])]) -> Client {
    let mut client = cli::connect(provider(), StopHandle::new()).await;
    let block = Appenv::schema().block;
    let mut given = own.to_vec();
    for (name, attributes) in blocks {
        given.push((name, cli::object(&block.blocks[*name].block, attributes)));
    }
    let request = messages::configure_provider::Request {
        config: Some(cli::dynamic(&cli::object(&block, &given), &block.ty())),
        ..messages::configure_provider::Request::default()
    };
    let answer = client.configure_provider(request).await.unwrap().into_inner();
    assert_eq!(cli::said(&answer.diagnostics), [""; 0]);
    client
}

fn config(given: &[(&str, Value)]) -> messages::DynamicValue {
    let block = PermissionsSource::schema().block;
    cli::dynamic(&cli::object(&block, given), &block.ty())
}

async fn read(client: &mut Client, given: &[(&str, Value)]) -> Result<Value, Vec<String>> {
    let request = messages::read_data_source::Request {
        type_name: PermissionsSource::TYPE.to_owned(),
        config: Some(config(given)),
        ..messages::read_data_source::Request::default()
    };
    let answer = client.read_data_source(request).await.unwrap().into_inner();
    if !answer.diagnostics.is_empty() {
        return Err(cli::said(&answer.diagnostics));
    }
    Ok(cli::value(answer.state.as_ref(), &PermissionsSource::schema().block.ty()))
}

fn instance(app: &str, env: Value) -> Value {
    Value::Map([("app".to_owned(), app.into()), ("env".to_owned(), env)].into())
}

fn text<'a>(answer: &'a Value, run: &str, key: &str) -> &'a str {
    match field(field(answer, run), key) {
        Value::String(text) => text,
        other => panic!("{run}.{key} is {other:?}"),
    }
}

/// Paths of a policy, in their order.
fn paths(policy: &str) -> Vec<&str> {
    policy.lines().filter_map(|line| line.strip_prefix("path \"")?.strip_suffix("\" {")).collect()
}

#[tokio::test]
async fn a_target_that_is_off_has_no_text() {
    let mut client = configured(&[], &[]).await;
    let answer = read(&mut client, &[]).await.unwrap();
    for run in ["plan", "apply"] {
        for key in ["vault_policy", "sql", "aws_policy", "host"] {
            assert_eq!(field(field(&answer, run), key), &Value::Null, "{run}.{key}");
        }
    }
}

#[tokio::test]
async fn a_policy_reaches_the_named_instances_and_no_others() {
    let vault = [
        ("address", "https://bao:8200".into()),
        ("token", "none".into()),
        ("kv_mount", "secrets".into()),
    ];
    let own = [("owner", "acme/shop".into())];
    let mut client = configured(&own, &[("vault", &vault)]).await;
    let instances = Value::List(vec![instance("erp", Value::Null), instance("a-b", "dev".into())]);
    let answer = read(&mut client, &[("instances", instances)]).await.unwrap();
    // Without PostgreSQL there are no database roles.
    assert_eq!(
        paths(text(&answer, "plan", "vault_policy")),
        [
            "secrets/data/appenv/_registry",
            "secrets/data/appenv/_apps/erp",
            "secrets/data/appenv/_apps/a-b",
            "secrets/data/appenv/_apps/a",
            "secrets/data/appenv/_floors",
            "sys/policies/acl/erp",
            "sys/policies/acl/a-b-dev",
            "sys/policies/acl/erp-ops",
            "sys/policies/acl/a-b-ops",
            "secrets/data/appenv/erp",
            "secrets/data/appenv/a-b-dev",
            "secrets/subkeys/a-b-dev/config",
            "secrets/subkeys/erp/config",
        ]
    );
    let answer = read(&mut client, &[("secrets", false.into())]).await.unwrap();
    assert_eq!(
        paths(text(&answer, "apply", "vault_policy")),
        [
            "secrets/data/appenv/_registry",
            "secrets/data/appenv/_apps/*",
            "secrets/data/appenv/_floors",
            "sys/policies/acl/*",
            "sys/policies/acl/appenv-*",
        ]
    );
    assert_eq!(field(field(&answer, "apply"), "sql"), &Value::Null);
}

#[tokio::test]
async fn the_other_targets_are_as_the_provider_block_names_them() {
    let own = [("owner", "acme/shop".into())];
    let postgres =
        [("host", "127.0.0.1".into()), ("user", "me".into()), ("database", "adm\"in".into())];
    let aws = [
        ("region", "eu-west-3".into()),
        ("expected_account", "123456789012".into()),
        ("kms_key", "alias/shop".into()),
    ];
    let host = [("root", "~/apps".into())];
    let mut client =
        configured(&own, &[("postgres", &postgres), ("aws", &aws), ("host", &host)]).await;
    let given = [
        ("instances", Value::List(vec![instance("erp", "dev".into())])),
        ("plan_login", "ci".into()),
        ("force_disconnect", true.into()),
    ];
    let answer = read(&mut client, &given).await.unwrap();
    assert!(text(&answer, "plan", "sql").contains("\nCREATE ROLE \"ci\" LOGIN;\n"));
    let apply = text(&answer, "apply", "sql");
    assert!(
        apply.contains("\nGRANT CREATE ON DATABASE \"adm\"\"in\" TO \"appenv_apply\";\n"),
        "{apply}"
    );
    assert!(apply.contains("\nGRANT pg_signal_backend TO \"appenv_apply\";\n"), "{apply}");
    let policy: serde_json::Value =
        serde_json::from_str(text(&answer, "apply", "aws_policy")).unwrap();
    let statement = |sid: &str| {
        policy["Statement"].as_array().unwrap().iter().find(|one| one["Sid"] == sid).unwrap()
    };
    assert_eq!(
        statement("Secrets")["Resource"],
        "arn:aws:ssm:eu-west-3:123456789012:parameter/erp/dev/*"
    );
    let key = statement("KeyOfSecrets");
    assert_eq!(key["Resource"], "arn:aws:kms:eu-west-3:123456789012:key/*");
    assert_eq!(key["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"], "alias/shop");
    assert_eq!(key["Condition"]["StringLike"]["kms:ViaService"], "ssm.eu-west-3.amazonaws.com");
    let host = text(&answer, "plan", "host");
    assert!(host.contains("\nr-x /home/deploy/apps/.appenv/  # "), "{host}");
    assert!(host.contains("\nr-- /home/deploy/apps/erp/secrets/dev/.env  # "), "{host}");
    assert!(text(&answer, "apply", "host").contains("\nrwx /home/deploy/apps/erp/dev/  # "));

    // Of any instance: each declared env of any app.
    let answer = read(&mut client, &[]).await.unwrap();
    let policy = text(&answer, "plan", "aws_policy");
    for env in ["prod", "staging", "sandbox", "dev"] {
        assert!(policy.contains(&format!("parameter/*/{env}/*\"")), "{policy}");
    }
    assert!(text(&answer, "plan", "host").contains("\nr-x /home/deploy/apps/*/secrets/dev/  # "));
}

#[tokio::test]
async fn mistakes_are_said_at_their_place() {
    let mut client = cli::connect(provider(), StopHandle::new()).await;
    for (given, says) in [
        (
            (
                "instances",
                Value::List(vec![instance("erp", "dev".into()), instance("Erp", "dev".into())]),
            ),
            "error .instances[1].app: App \"Erp\" is not a name",
        ),
        (
            ("instances", Value::List(vec![Value::Unknown, Value::Null])),
            "error .instances[1]: The app is missing",
        ),
        (("ops_scope", "all".into()), "error .ops_scope: `ops_scope` cannot be \"all\""),
        (("plan_login", "a\nb".into()), "error .plan_login: `plan_login` cannot be \"a\\nb\""),
        (("database", "".into()), "error .database: `database` cannot be \"\""),
    ] {
        let request = messages::validate_data_resource_config::Request {
            type_name: PermissionsSource::TYPE.to_owned(),
            config: Some(config(&[given])),
        };
        let answer = client.validate_data_resource_config(request).await.unwrap().into_inner();
        let said = cli::said(&answer.diagnostics);
        assert!(said.len() == 1 && said[0].starts_with(says), "{said:?}");
    }
    let refused = read(&mut client, &[]).await.unwrap_err();
    assert_eq!(refused, ["error: Provider not configured"]);
    let mut client = configured(&[], &[]).await;
    let given = [("instances", Value::List(vec![instance("erp", "qa".into())]))];
    let refused = read(&mut client, &given).await.unwrap_err();
    assert_eq!(refused, ["error .instances[0].env: Env \"qa\" is not declared"]);
}

#[tokio::test]
async fn each_facet_has_rights_for_a_plan_and_for_an_apply() {
    for facet in appenv::facet::FACETS {
        // A new facet gets what its block needs here.
        let block: &[(&str, Value)] = match facet {
            "postgres" => &[("host", "127.0.0.1".into()), ("user", "me".into())],
            "vault" => &[("address", "https://bao:8200".into()), ("token", "none".into())],
            "host" => &[("root", "/srv".into())],
            _ => &[],
        };
        let own = [("owner", "acme/shop".into())];
        let mut client = configured(&own, &[(facet, block)]).await;
        let answer = read(&mut client, &[]).await.unwrap();
        for run in ["plan", "apply"] {
            let Value::Map(texts) = field(&answer, run) else { panic!("{run}") };
            let told = texts.values().filter(|text| **text != Value::Null).count();
            assert_eq!(told, 1, "{run} of {facet} alone");
        }
    }
}
