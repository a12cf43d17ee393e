// SPDX-License-Identifier: MPL-2.0
//! The rows of Arcodange's worked example and the others that hold to the letter, written out by hand.

use appenv::naming::{
    Environments, Inputs, Names, Overrides, ROWS, RowValue, Subject, parse_instance,
};

use super::super::{defaults, derive, env, env_of, set};

#[test]
fn erp_in_prod_is_what_it_was_before_there_were_envs() {
    let names = derive(&defaults(), "erp", "prod", &[]).unwrap();
    assert_eq!(names.instance, "erp");
    assert_eq!(names.database, "erp");
    assert_eq!(names.owner_role, "erp_role");
    assert_eq!(names.namespace, "erp");
    assert_eq!(names.service_account, "erp");
    assert_eq!(format!("postgres/creds/{}", names.vault_database_role), "postgres/creds/erp");
    assert_eq!(format!("kvv2/{}", names.kv_path), "kvv2/erp/config");
    assert_eq!(names.kubernetes_role, "erp");
    assert_eq!(names.runtime_policy, "erp");
    assert_eq!(names.ops_policy, "erp-ops");
    assert_eq!(names.argocd_application, "erp");
    assert_eq!(names.dns_host.as_deref(), Some("erp.arcodange.lab"));
    assert_eq!(names.repository.as_deref(), Some("arcodange-org/erp"));
    assert_eq!(names.ci_role, "gitea_cicd_erp");
    assert_eq!(names.state_prefix, "erp/main");
    assert_eq!(names.values_file, "values.yaml");
}

#[test]
fn erp_in_sandbox_has_the_suffix_everywhere() {
    let names = derive(&defaults(), "erp", "sandbox", &[]).unwrap();
    assert_eq!(names.instance, "erp-sandbox");
    assert_eq!(names.database, "erp-sandbox");
    assert_eq!(names.owner_role, "erp_sandbox_role");
    assert_eq!(names.namespace, "erp-sandbox");
    assert_eq!(names.service_account, "erp-sandbox");
    assert_eq!(
        format!("postgres/creds/{}", names.vault_database_role),
        "postgres/creds/erp-sandbox"
    );
    assert_eq!(format!("kvv2/{}", names.kv_path), "kvv2/erp-sandbox/config");
    assert_eq!(names.argocd_application, "erp-sandbox");
    assert_eq!(names.dns_host.as_deref(), Some("erp-sandbox.arcodange.lab"));
    assert_eq!(names.values_file, "values-sandbox.yaml");
    assert_eq!(names.state_prefix, "erp/sandbox");
    // Shared with prod.
    assert_eq!(names.repository.as_deref(), Some("arcodange-org/erp"));
    assert_eq!(names.ci_role, "gitea_cicd_erp");
    assert_eq!(names.ops_policy, "erp-ops");
    // Its own.
    assert_eq!(names.own_ops_policy, "erp-sandbox-ops");
}

#[test]
fn every_app_of_before_keeps_its_names() {
    for app in ["webapp", "erp", "crowdsec", "plausible", "dance-lessons-coach", "cms"] {
        let names = derive(&defaults(), app, "prod", &[]).unwrap();
        assert_eq!(names.instance, app);
        assert_eq!(names.database, app);
        // The dashes of the app stay: adoption renames nothing.
        assert_eq!(names.owner_role, format!("{app}_role"));
        assert_eq!(names.state_prefix, format!("{app}/main"));
    }
}

#[test]
fn paths_of_host_and_aws_always_hold_the_env() {
    let names = derive(&defaults(), "smartstack", "prod", &["api", "ai-processor"]).unwrap();
    assert_eq!(names.app_dir.as_deref(), Some("/opt/smartstack/prod"));
    assert_eq!(names.secrets_dir.as_deref(), Some("/opt/smartstack/secrets/prod"));
    assert_eq!(names.parameter_path, "/smartstack/prod");
    assert_eq!(names.iam_role, "smartstack-prod-role");
    assert_eq!(names.services["api"], "smartstack-prod-api");
    assert_eq!(names.services["ai-processor"], "smartstack-prod-ai-processor");
    assert_eq!(names.log_groups["api"], "/aws/lambda/smartstack-prod-api");
}

#[test]
fn a_name_without_its_input_is_null() {
    let environments = defaults();
    let coordinate = environments.coordinate("erp", "prod").unwrap();
    let names = Names::derive(&environments, &coordinate, &set(&[]), &Inputs::default()).unwrap();
    let absent: Vec<_> =
        names.rows().into_iter().filter(|(_, value)| *value == RowValue::One(None)).collect();
    let keys: Vec<_> = absent.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, ["dns_host", "repository", "app_dir", "secrets_dir"]);
}

#[test]
fn rows_are_listed_in_one_order() {
    let names = derive(&defaults(), "erp", "sandbox", &["api"]).unwrap();
    let rows = names.rows();
    assert_eq!(rows.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ROWS.map(|row| row.key));
    for (row, (_, value)) in ROWS.iter().zip(rows) {
        assert_eq!(row.per_service, matches!(value, RowValue::PerService(_)), "{}", row.key);
    }
}

#[test]
fn the_default_env_is_the_one_production_env() {
    let with = |elided, declared| Environments::new("elided-v1", elided, declared).unwrap();
    assert_eq!(defaults().default_env(), Some("prod"));
    let names: Vec<_> = defaults().declared().iter().map(|env| env.name.clone()).collect();
    assert_eq!(names, ["prod", "staging", "sandbox", "dev"]);
    for (name, production) in [("prod", true), ("staging", false), ("other", false)] {
        assert_eq!(defaults().is_production(name), production, "{name}");
    }

    let live = with(None, vec![env("live", true), env("test", false)]);
    assert_eq!((live.default_env(), live.elided()), (Some("live"), Some("live")));
    assert_eq!(derive(&live, "erp", "live", &[]).unwrap().instance, "erp");

    let two = with(Some("eu"), vec![env("eu", true), env("us", true)]);
    assert_eq!((two.default_env(), two.elided()), (None, Some("eu")));
    assert_eq!(derive(&two, "erp", "eu", &[]).unwrap().instance, "erp");
    assert_eq!(derive(&two, "erp", "us", &[]).unwrap().instance, "erp-us");

    let none = with(None, vec![env("dev", false)]);
    assert_eq!((none.default_env(), none.elided()), (None, None));
    assert_eq!(derive(&none, "erp", "dev", &[]).unwrap().instance, "erp-dev");
}

#[test]
fn apps_narrow_what_is_judged() {
    let declared = |sandbox| vec![env("prod", true), sandbox];
    let open = Environments::new("elided-v1", None, declared(env("sandbox", false))).unwrap();
    assert!(open.coordinate("crm-sandbox", "prod").is_err());
    let narrow =
        Environments::new("elided-v1", None, declared(env_of("sandbox", &["erp"]))).unwrap();
    assert!(narrow.coordinate("erp-sandbox", "prod").is_err());
    let coordinate = narrow.coordinate("crm-sandbox", "prod").unwrap();
    assert_eq!(parse_instance("crm-sandbox", &narrow).unwrap(), coordinate);
    let coordinate = narrow.coordinate("erp", "sandbox").unwrap();
    assert_eq!(parse_instance("erp-sandbox", &narrow).unwrap(), coordinate);

    // Of two envs, one ending in the other, only apps that can meet are refused.
    let pair = |long, short| Environments::new("elided-v1", None, vec![long, short]);
    assert!(pair(env_of("eu-dev", &["erp"]), env("dev", false)).is_err());
    assert!(pair(env_of("eu-dev", &["erp"]), env_of("dev", &["erp", "erp-eu"])).is_err());
    assert!(pair(env("eu-dev", false), env_of("dev", &["erp-eu"])).is_err());
    assert!(pair(env_of("eu-dev", &["erp"]), env_of("dev", &["crm-eu"])).is_ok());
    assert!(pair(env("eu-dev", false), env_of("dev", &["erp"])).is_ok());

    // A service may begin with an env that the app cannot have.
    assert!(derive(&open, "crm", "prod", &["sandbox-runner"]).is_err());
    assert!(derive(&narrow, "crm", "prod", &["sandbox-runner"]).is_ok());
}

#[test]
fn overrides_stand_in_the_place_of_the_convention() {
    let block = |rows: &[(&str, &str)]| {
        rows.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    };
    let overrides = Overrides::new(
        &block(&[
            ("dns_host", "{instance}.lab.example.org"),
            ("database", "{app.snake}[_{env}]"),
            ("owner_role", "{app}_{env}_owner"),
            ("ci_role", "cicd_{app}"),
            ("values_file", "{env}.yaml"),
            ("log_groups", "/ecs/{instance}/{service}"),
        ]),
        &block(&[("database", "karmyq_prod"), ("kv_path", "legacy/karmyq")]),
    )
    .unwrap();
    let environments = defaults();
    let derive = |env: &str, overrides: &Overrides| {
        let coordinate = environments.coordinate("my-app", env).unwrap();
        let inputs = Inputs::default();
        Names::derive_with(&environments, &coordinate, &set(&["api"]), &inputs, overrides).unwrap()
    };
    let plain = derive("dev", &Overrides::default());
    let names = derive("dev", &overrides);
    let expected = Names {
        // The resource's block wins over the provider's.
        database: "karmyq_prod".to_owned(),
        owner_role: "my-app_dev_owner".to_owned(),
        ci_role: "cicd_my-app".to_owned(),
        kv_path: "legacy/karmyq".to_owned(),
        dns_host: Some("my-app-dev.lab.example.org".to_owned()),
        values_file: "dev.yaml".to_owned(),
        log_groups: [("api".to_owned(), "/ecs/my-app-dev/api".to_owned())].into(),
        ..plain
    };
    assert_eq!(names, expected);
    let provider = block(&[("database", "{app.snake}[_{env}]")]);
    let provider = Overrides::new(&provider, &block(&[])).unwrap();
    assert_eq!(derive("dev", &provider).database, "my_app_dev");
    assert_eq!(derive("prod", &provider).database, "my_app");
}

#[test]
fn an_override_mends_what_the_convention_cannot_name() {
    let environments = defaults();
    let coordinate = environments.coordinate("template-service", "prod").unwrap();
    let derive = |overrides: &Overrides| {
        Names::derive_with(&environments, &coordinate, &set(&[]), &Inputs::default(), overrides)
    };
    let errors = derive(&Overrides::default()).unwrap_err();
    let subjects: Vec<_> = errors.into_iter().map(|error| error.subject).collect();
    assert_eq!(subjects, [Subject::Name("database")]);
    let names = [("database".to_owned(), "service_templates".to_owned())].into();
    let mended = derive(&Overrides::new(&[].into(), &names).unwrap()).unwrap();
    assert_eq!(mended.database, "service_templates");
}

#[test]
fn smartstack_has_the_env_in_every_name() {
    let environments = Environments::new("suffixed-v1", None, Vec::new()).unwrap();
    let names = derive(&environments, "smartstack", "dev", &["api"]).unwrap();
    assert_eq!(names.services["api"], "smartstack-dev-api");
    assert_eq!(names.iam_role, "smartstack-dev-role");
    assert_eq!(names.parameter_path, "/smartstack/dev");
    assert_eq!(names.database, "smartstack-dev-db");
    assert_eq!(names.owner_role, "smartstack-dev-role");
    assert_eq!(names.log_groups["api"], "/aws/lambda/smartstack-dev-api");
    let names = derive(&environments, "smartstack", "prod", &[]).unwrap();
    assert_eq!(names.instance, "smartstack-prod");
    assert_eq!(names.state_prefix, "smartstack/prod");
    assert_eq!(names.values_file, "values-prod.yaml");
}

#[test]
fn karmyq_has_underscores_and_one_owner() {
    let environments = Environments::new("underscored-v1", None, Vec::new()).unwrap();
    let staging = derive(&environments, "karmyq", "staging", &[]).unwrap();
    assert_eq!(staging.database, "karmyq_staging");
    assert_eq!(staging.owner_role, "karmyq_user");
    assert_eq!(staging.secrets_dir.as_deref(), Some("/opt/karmyq/secrets/staging"));
    let production = derive(&environments, "karmyq", "production", &[]).unwrap();
    assert_eq!(production.database, "karmyq_production");
    assert_eq!(production.owner_role, staging.owner_role);
    assert_eq!(production.app_dir.as_deref(), Some("/opt/karmyq/production"));
    let declared: Vec<_> =
        environments.declared().iter().map(|env| (env.name.as_str(), env.production)).collect();
    assert_eq!(declared, [("production", true), ("staging", false), ("dev", false)]);
    assert_eq!(environments.default_env(), None);
}
