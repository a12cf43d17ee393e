// SPDX-License-Identifier: MPL-2.0
//! What functions answer. The oracle is the golden file of the convention.

use std::collections::BTreeMap;

use tfplugin::value::{Type, Value};

use super::super::{any, call, cli, instance, list, messages, object, text, unconfigured};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// Every convention: the refusal of one that does not exist lists those that do.
async fn conventions(client: &mut cli::Client) -> Vec<String> {
    let none = object([("convention", "none".into())]);
    let (_, refused) = instance(client, "erp", "dev".into(), none).await.unwrap_err();
    let (_, listed) = refused.split_once("Known here: ").unwrap();
    let listed = listed.split('.').next().unwrap();
    listed.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Names by coordinate, out of the golden file; the policy that is not among `resolved_names` left out.
fn golden(convention: &str) -> BTreeMap<(String, String), BTreeMap<String, Value>> {
    let file = format!("{GOLDEN}/names-{convention}.txt");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut all: BTreeMap<_, BTreeMap<String, Value>> = BTreeMap::new();
    for line in text.lines() {
        let (left, name) = line.split_once(" = ").unwrap();
        let [app, env, key] = left.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let name = if name == "null" { Value::Null } else { name.into() };
        let names = all.entry((app.to_owned(), env.to_owned())).or_default();
        for each in ["services", "log_groups"] {
            names.entry(each.to_owned()).or_insert_with(|| Value::Map(BTreeMap::new()));
        }
        match key.split_once('.') {
            Some((key, service)) => {
                let Some(Value::Map(services)) = names.get_mut(key) else { panic!("{line}") };
                services.insert(service.to_owned(), name);
            }
            None => {
                names.insert(key.to_owned(), name);
            }
        }
    }
    all
}

/// The options under which a line of the golden file was written.
fn options(convention: &str, app: &str, names: &BTreeMap<String, Value>) -> Value {
    let Value::Map(services) = &names["services"] else { panic!("{names:?}") };
    let services = services.keys().map(|service| service.as_str().into()).collect();
    let mut options = vec![
        ("convention", convention.into()),
        ("organization", "arcodange-org".into()),
        ("domain", "arcodange.lab".into()),
        ("root", "/opt".into()),
        ("services", Value::List(services)),
    ];
    if app == "shop-2" {
        let env = |name: &str, production: bool| {
            object([("name", name.into()), ("production", production.into())])
        };
        let envs = [env("eu-west", true), env("us-east", true), env("eu-west-test", false)];
        options.push(("environments", list(envs)));
        if convention == "elided-v1" {
            options.push(("elided", "eu-west".into()));
        }
    }
    Value::Map(options.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

#[tokio::test]
async fn names_are_those_of_the_golden_file() {
    let mut client = unconfigured().await;
    let conventions = conventions(&mut client).await;
    assert_eq!(conventions[..3], ["elided-v1", "suffixed-v1", "underscored-v1"]);
    for convention in conventions {
        let golden = golden(&convention);
        let least = if convention == "elided-v1" { 12 } else { 6 };
        assert!(golden.len() >= least, "names-{convention}.txt has {} coordinates", golden.len());
        names_of(&mut client, &convention, &golden).await;
    }
}

async fn names_of(
    client: &mut cli::Client,
    convention: &str,
    golden: &BTreeMap<(String, String), BTreeMap<String, Value>>,
) {
    for ((app, env), names) in golden {
        let options = || any(options(convention, app, names));
        let arguments = || vec![text(app.as_str()), text(env.as_str()), options()];
        let answer = call(client, "names", arguments()).await;
        assert_eq!(answer, Ok(Value::Map(names.clone())), "{app}/{env}");
        let answer = call(client, "instance", arguments()).await;
        assert_eq!(answer.as_ref(), Ok(&names["instance"]), "{app}/{env}");
        let prefix = call(client, "state_prefix", arguments()).await;
        assert_eq!(prefix.as_ref(), Ok(&names["state_prefix"]), "{app}/{env}");
        // The same options read the name back.
        let back = vec![cli::dynamic(&names["instance"], &Type::String), options()];
        let coordinate = object([("app", app.as_str().into()), ("env", env.as_str().into())]);
        assert_eq!(call(client, "parse_instance", back).await, Ok(coordinate));
    }
}

#[tokio::test]
async fn null_is_every_default() {
    let mut client = unconfigured().await;
    for options in [Value::Null, object([]), object([("environments", Value::List(vec![]))])] {
        let erp = instance(&mut client, "erp", Value::Null, options.clone()).await;
        assert_eq!(erp, Ok("erp".into()));
        let sandbox = instance(&mut client, "erp", "sandbox".into(), options).await;
        assert_eq!(sandbox, Ok("erp-sandbox".into()));
    }
    // OpenTofu sends no bytes at all for a null.
    let nothing = messages::DynamicValue::default();
    let arguments = vec![text("erp"), nothing.clone(), nothing.clone()];
    assert_eq!(call(&mut client, "state_prefix", arguments).await, Ok("erp/main".into()));
    let parsed = call(&mut client, "parse_instance", vec![text("erp-dev"), nothing]).await;
    assert_eq!(parsed, Ok(object([("app", "erp".into()), ("env", "dev".into())])));
    // Nulls within options are defaults too.
    let keys = appenv::function::KEYS.map(|key| (key, Value::Null));
    let erp = instance(&mut client, "erp", Value::Null, object(keys)).await;
    assert_eq!(erp, Ok("erp".into()));
    let half = object([
        ("name", "prod".into()),
        ("production", Value::Null),
        ("apps", Value::Null),
        ("log_retention_days", Value::Null),
    ]);
    let options =
        object([("environments", list([half])), ("names", object([("database", Value::Null)]))]);
    // As in the provider block, what is not said to be a production env is none.
    let erp = instance(&mut client, "erp", "prod".into(), options).await;
    assert_eq!(erp, Ok("erp-prod".into()));
}

#[tokio::test]
async fn environments_may_be_names_alone() {
    let mut client = unconfigured().await;
    let of = |envs: Value| object([("environments", envs)]);
    // `prod` is the production env of the convention, so it is one here.
    let envs = of(list(["prod", "qa"]));
    assert_eq!(instance(&mut client, "erp", Value::Null, envs.clone()).await, Ok("erp".into()));
    assert_eq!(instance(&mut client, "erp", "qa".into(), envs).await, Ok("erp-qa".into()));
    let mixed =
        of(list([object([("name", "live".into()), ("production", true.into())]), "qa".into()]));
    assert_eq!(instance(&mut client, "erp", Value::Null, mixed).await, Ok("erp".into()));

    // A set, in the type that the CLI gives it.
    let ty = Type::set(Type::String);
    let set = Value::Dynamic(Box::new(ty), Box::new(list(["prod", "qa"])));
    let arguments = vec![text("erp-qa"), cli::dynamic(&set, &Type::Dynamic)];
    let parsed = call(&mut client, "parse_instance", arguments).await;
    assert_eq!(parsed, Ok(object([("app", "erp".into()), ("env", "qa".into())])));

    // Only these apps, so an app that ends in the env can be told from it.
    let narrow =
        of(list(["prod".into(), object([("name", "qa".into()), ("apps", list(["crm"]))])]));
    let whole = instance(&mut client, "erp-qa", "prod".into(), narrow.clone()).await;
    assert_eq!(whole, Ok("erp-qa".into()));
    assert!(instance(&mut client, "erp", "qa".into(), narrow).await.is_err());
}

#[tokio::test]
async fn templates_stand_in_the_place_of_the_conventions() {
    let mut client = unconfigured().await;
    let options = object([
        ("organization", "acme".into()),
        ("names", object([("database", "{app.snake}_{env}".into()), ("kv_path", Value::Null)])),
    ]);
    let arguments = vec![text("my-erp"), text("dev"), any(options)];
    let Ok(Value::Map(names)) = call(&mut client, "names", arguments).await else { panic!() };
    assert_eq!(names["database"], "my_erp_dev".into());
    assert_eq!(names["kv_path"], "my-erp-dev/config".into());
    assert_eq!(names["repository"], "acme/my-erp".into());
    assert_eq!(names["dns_host"], Value::Null);
}

#[tokio::test]
async fn what_is_unknown_makes_the_answer_unknown() {
    let mut client = unconfigured().await;
    let known = || vec![text("erp"), text("dev"), any(object([("domain", "x.org".into())]))];
    let unknown = object([("domain", "x.org".into()), ("services", list([Value::Unknown]))]);
    for function in ["names", "instance", "state_prefix"] {
        for (index, argument) in [text(Value::Unknown), text(Value::Unknown), any(unknown.clone())]
            .into_iter()
            .enumerate()
        {
            let mut arguments = known();
            arguments[index] = argument;
            assert_eq!(call(&mut client, function, arguments).await, Ok(Value::Unknown));
        }
    }
    let arguments = vec![text("erp-dev"), any(list([Value::Unknown]))];
    assert_eq!(call(&mut client, "parse_instance", arguments).await, Ok(Value::Unknown));
}
