// SPDX-License-Identifier: MPL-2.0
//! `examples/smartstack`: three environments in one AWS account, each with a state in S3; Parameter Store is asked by plain
//! HTTP.

use acceptance::servers::Moto;
use acceptance::{Canaries, Cli, Sinks, Workspace};
use serde_json::{Value, json};

use super::{approve, destroy, follow, options, said};

const BUCKET: &str = "smartstack-states";
const API_KEY: &str = "sk-given-by-the-environment-7c1e";
const SECRETS: [&str; 3] = ["api-key", "db-password", "jwt-secret"];

struct Stack {
    moto: Moto,
    ws: Workspace,
}

impl Stack {
    /// Goes to the state of an environment, and deploys this release there from now on.
    fn at(&mut self, env: &str, release: &str) {
        let key = format!("-backend-config=key=smartstack/{env}/terraform.tfstate");
        self.ws.init(&["-reconfigure", &key]);
        self.deploys(env, release);
    }

    fn deploys(&mut self, env: &str, release: &str) {
        options(&mut self.ws, &format!("-var-file=configs/{env}.tfvars -var=release={release}"));
    }

    fn value(&self, env: &str, name: &str) -> String {
        let parameter = self.moto.parameter(&format!("/smartstack/{env}/{name}")).unwrap();
        assert_eq!(parameter["Type"], "SecureString", "{name} of {env}");
        parameter["Value"].as_str().unwrap().to_owned()
    }

    /// What `aws_cloudwatch_log_group` is given.
    fn logs_are_kept(&self, env: &str, days: u64) {
        let group = |service: &str| json!({ "name": format!("/aws/lambda/smartstack-{env}-{service}"), "retention_in_days": days });
        let expected = json!({ "ai-processor": group("ai-processor"), "api": group("api") });
        assert_eq!(self.ws.state().output("log_groups"), &expected, "{env}");
    }

    /// The secrets of an environment, as Parameter Store has them.
    fn secrets(&self, env: &str) -> Vec<String> {
        let below = format!("/smartstack/{env}/");
        let names = self.moto.names();
        names.iter().filter_map(|name| name.strip_prefix(&below).map(str::to_owned)).collect()
    }
}

#[test]
fn a_release_goes_through_three_environments() {
    let moto = Moto::start();
    moto.make_bucket(BUCKET);
    let env = [("TF_VAR_api_key".to_owned(), API_KEY.to_owned())];
    let ws = Workspace::new(Cli::any()).with_env(moto.env()).with_env(env);
    ws.copy_from("examples/smartstack");
    let mut stack = Stack { moto, ws };

    for (env, days) in [("dev", 7), ("staging", 14)] {
        stack.at(env, "1.4.0");
        stack.ws.step();
        stack.logs_are_kept(env, days);
    }
    let commands = said("smartstack", &["appenv=", "key="]) + "echo \"$key\"";
    assert_eq!(follow(&stack.ws, &commands).trim(), "smartstack/dev/terraform.tfstate");
    // Production takes what staging had, and no more; then nobody has to approve it.
    stack.at("prod", "1.5.0");
    let refused = stack.ws.plan_fails();
    assert!(refused.say("staging") && refused.say("promote_from"), "{refused}");
    stack.deploys("prod", "1.4.0");
    stack.ws.step();
    let output = |name: &str| stack.ws.state().output(name).clone();
    assert_eq!(output("services")["ai-processor"], "smartstack-prod-ai-processor");
    assert_eq!(output("iam_role"), "smartstack-prod-role");
    stack.logs_are_kept("prod", 30);

    let mut canaries = Canaries::new();
    canaries.register("the given key", API_KEY);
    for env in ["dev", "staging", "prod"] {
        assert_eq!(stack.secrets(env), SECRETS, "{env}");
        assert_eq!(stack.value(env, "api-key"), API_KEY);
        assert_eq!(stack.value(env, "db-password").len(), 32);
        for made in ["db-password", "jwt-secret"] {
            canaries.register(&format!("{made} of {env}"), &stack.value(env, made));
        }
        let state = stack.moto.state(BUCKET, &format!("smartstack/{env}/terraform.tfstate"));
        assert_ne!(state, Value::Null, "{env} has no state of its own");
        stack.ws.write(&format!("{env}.state.json"), &state.to_string());
    }
    assert_ne!(stack.value("dev", "db-password"), stack.value("prod", "db-password"));

    // The next one.
    stack.at("staging", "1.5.0");
    stack.ws.step();
    let before = stack.value("prod", "jwt-secret");
    stack.at("prod", "1.5.0");
    stack.ws.step();
    assert_eq!(stack.value("prod", "jwt-secret"), before, "a release changes no secret");

    // The end: of production by two approved applies.
    options(
        &mut stack.ws,
        "-var-file=configs/prod.tfvars -var=release=1.5.0 -var=deletion_protection=false",
    );
    let refused = stack.ws.plan_fails();
    approve(&mut stack.ws, &refused, &["smartstack/prod update"], "");
    stack.ws.step();
    let secrets =
        ["API_KEY", "DB_PASSWORD", "JWT_SECRET"].map(|key| format!("smartstack/prod/{key} delete"));
    let secrets = secrets.each_ref().map(String::as_str);
    destroy(&mut stack.ws, &secrets, "smartstack/prod delete");
    for env in ["staging", "dev"] {
        stack.at(env, "1.5.0");
        stack.ws.destroy();
    }
    for env in ["dev", "staging", "prod"] {
        assert_eq!(stack.secrets(env), [""; 0], "{env}");
        let entry = stack.moto.document(&format!("/appenv/smartstack/{env}"));
        assert_eq!(entry["phase"], "gone", "{env}");
    }
    canaries.are_nowhere(&Sinks::of(&stack.ws));
}
