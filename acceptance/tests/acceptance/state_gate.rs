// SPDX-License-Identifier: MPL-2.0
//! The state gate with the real CLI: each run is in the state that its backend has, and the instance belongs in one.
//!
//! The oracle of what was done is the machine's own directories; of where a state is, the backend's server.

use std::fs;
use std::path::PathBuf;

use acceptance::servers::{Postgres, States};
use acceptance::{Cli, Diagnostics, Workspace};

use crate::host::make;
use crate::site::{at, block, plain};

const WRONG: &str = "erp/sandbox: this state is not its state";
const DOUBT: &str = "Where this state is cannot be told";

/// A machine with directories of instances, and the configuration of a run.
struct Bench {
    ws: Workspace,
    root: PathBuf,
    backend: String,
    provider: String,
}

impl Bench {
    fn new(backend: &str) -> Self {
        Self::on(Cli::any(), backend)
    }

    fn on(cli: &Cli, backend: &str) -> Self {
        let ws = Workspace::new(cli).without_trace();
        let root = ws.root().join("srv");
        make(&root, 0o755);
        let bench = Self { ws, root, backend: backend.to_owned(), provider: String::new() };
        bench.write(&plain("it", "erp", "sandbox"));
        bench
    }

    /// With arguments of the provider block.
    fn with(mut self, provider: &str) -> Self {
        provider.clone_into(&mut self.provider);
        self.write(&plain("it", "erp", "sandbox"));
        self
    }

    fn write(&self, blocks: &str) {
        let facet = format!("  host {{\n    root = \"{}\"\n  }}\n", self.root.display());
        self.write_with(&facet, blocks);
    }

    /// With other facets.
    fn write_with(&self, facet: &str, blocks: &str) {
        let Self { backend, provider, .. } = self;
        let text = format!(
            "terraform {{\n  {backend}\n  required_providers {{\n    appenv = {{\n      source = \"arcodange/appenv\"\n    \
             }}\n  }}\n}}\nprovider \"appenv\" {{\n{provider}{facet}}}\n{blocks}"
        );
        self.ws.write("main.tf", &text);
    }

    fn init(self, args: &[&str]) -> Self {
        self.ws.init(args);
        self
    }

    /// Plans what the gate refuses, with these words in the message.
    fn is_refused(&self, words: &[&str]) -> Diagnostics {
        let told = self.ws.plan_fails();
        let error = told.error();
        assert!(error.summary.starts_with(WRONG), "{told}");
        for word in words {
            assert!(error.detail.contains(word), "it does not say {word:?}:\n{told}");
        }
        for always in ["Next:", "Nothing was changed", "gates { state = \"off\" }", "{app}/main"] {
            assert!(error.detail.contains(always), "it does not say {always:?}:\n{told}");
        }
        assert!(!self.root.join("erp").exists(), "something was made");
        told
    }

    /// Applies without a word of the gate, and so plans.
    fn lives(&self) {
        let run = self.ws.step();
        let told = run.diagnostics();
        assert!(!told.say("state gate") && !told.say("its state"), "{told}");
        assert!(self.root.join("erp/sandbox").is_dir());
        self.ws.destroy();
        assert!(!self.root.join("erp/sandbox").exists());
    }
}

/// A plan or an apply that goes on, with a warning.
fn warns(told: &Diagnostics, summary: &str) {
    told.warning_titled(summary);
    assert_eq!(told.errors().count(), 0, "{told}");
}

const LOCAL: &str = "backend \"local\" {}";

#[test]
fn a_local_state_by_its_path() {
    for cli in Cli::all() {
        let right = Bench::on(cli, LOCAL)
            .init(&["-backend-config=path=states/erp/sandbox/terraform.tfstate"]);
        right.lives();
        let wrong =
            Bench::on(cli, LOCAL).init(&["-backend-config=path=states/erp/main/terraform.tfstate"]);
        wrong.is_refused(&[
            "states/erp/main/terraform.tfstate",
            "`erp/sandbox`",
            "path = \"erp/sandbox/terraform.tfstate\"",
            "-backend-config=\"path=erp/sandbox/terraform.tfstate\"",
        ]);
        // Applying it is refused as well, and what the message says to write is right.
        let told = wrong.ws.apply_fails();
        assert!(told.error().summary.starts_with(WRONG), "{told}");
        wrong.ws.init(&["-reconfigure", "-backend-config=path=erp/sandbox/terraform.tfstate"]);
        wrong.lives();
    }
}

#[test]
fn a_local_state_by_its_workspace() {
    let mut bench = Bench::new(LOCAL).init(&["-backend-config=workspace_dir=states/erp"]);
    bench.is_refused(&["terraform workspace select sandbox"]);
    bench.ws.run(&["workspace", "new", "main"]);
    bench.is_refused(&["workspace \"main\"", "terraform workspace select sandbox"]);
    bench.ws.run(&["workspace", "new", "sandbox"]);
    bench.lives();
    // The variable comes before what was selected.
    bench.ws.set_env("TF_WORKSPACE", "main");
    bench.is_refused(&["workspace \"main\"", "TF_WORKSPACE=sandbox"]);
    bench.ws.set_env("TF_WORKSPACE", "sandbox");
    bench.lives();
}

#[test]
fn the_data_directory_may_be_elsewhere() {
    let mut bench = Bench::new(LOCAL);
    let data = bench.ws.root().join("data");
    bench.ws.set_env("TF_DATA_DIR", data.to_str().unwrap());
    let bench = bench.init(&["-backend-config=path=erp/main/terraform.tfstate"]);
    assert!(data.join("terraform.tfstate").exists() && !bench.ws.dir().join(".terraform").exists());
    bench.is_refused(&["erp/main/terraform.tfstate"]);
}

#[test]
fn an_http_state() {
    let states = States::start();
    let backend = format!(
        "backend \"http\" {{\n    address  = \"http://{}/state/erp-sandbox?key=hunter2\"\n    username = \"u\"\n    \
         password = \"hunter2\"\n  }}",
        states.host()
    );
    let right = Bench::new(&backend).init(&[]);
    right.lives();
    assert_eq!(states.paths(), ["/state/erp-sandbox"]);

    // The address comes from the environment alone.
    let mut wrong = Bench::new("backend \"http\" {}");
    let host = states.host();
    let address = format!("http://u:hunter2@{host}/state/erp-main?key=hunter2");
    wrong.ws.set_env("TF_HTTP_ADDRESS", &address);
    let wrong = wrong.init(&[]);
    let told = wrong.is_refused(&[
        &format!("at http://{host}/state/erp-main,"),
        "`erp-sandbox`",
        &format!("address = \"http://{host}/state/erp-sandbox\""),
    ]);
    assert!(!told.say("hunter2"), "{told}");
    assert_eq!(states.paths(), ["/state/erp-sandbox"]);
}

#[test]
fn a_state_in_postgresql() {
    let pg = Postgres::start();
    let admin = pg.admin().in_database("states");
    pg.sql(&format!("CREATE DATABASE states OWNER {}", admin.user));
    let connection = format!(
        "postgres://{}:{}@{}:{}/{}?sslmode=disable",
        admin.user, admin.password, admin.host, admin.port, admin.database
    );
    let bench = |schema: &str| {
        let mut bench = Bench::new("backend \"pg\" {}");
        bench.ws.set_env("PG_CONN_STR", &connection).set_env("PG_SCHEMA_NAME", schema);
        bench.init(&[])
    };
    let right = bench("erp_sandbox");
    right.lives();
    // The backend keeps a row for each workspace.
    let rows = pg.sql_in(&admin.database, "SELECT name FROM erp_sandbox.states");
    assert_eq!(rows.column(), ["default"]);
    let wrong = bench("erp_main");
    let told = wrong.is_refused(&[
        "pg:erp_main/default",
        "`erp_sandbox`",
        "schema_name = \"erp_sandbox\"",
    ]);
    assert!(!told.say(&admin.password), "{told}");
    // One schema an app, one workspace an environment.
    let shared = bench("erp");
    shared.is_refused(&["terraform workspace select sandbox"]);
    shared.ws.run(&["workspace", "new", "sandbox"]);
    shared.lives();
    let other = bench("erp_main");
    other.ws.run(&["workspace", "new", "sandbox"]);
    other.is_refused(&["workspace \"sandbox\""]);
}

#[test]
fn without_a_backend_one_warning_is_said() {
    let bench = Bench::new("");
    bench.write(&format!("{}{}", plain("it", "erp", "sandbox"), plain("other", "shop", "dev")));
    let told = bench.ws.plan().diagnostics();
    warns(&told, DOUBT);
    assert_eq!(told.warnings().filter(|told| told.summary.starts_with(DOUBT)).count(), 1, "{told}");
    assert!(told.warning_titled(DOUBT).detail.contains("no backend block"), "{told}");
    bench.ws.apply();
    // What changes nothing outside the state is not judged.
    let told = bench.ws.plan().diagnostics();
    assert!(!told.say(DOUBT), "{told}");
    bench.ws.destroy();
}

#[test]
fn a_saved_plan_is_applied_where_there_is_no_backend_file() {
    let bench = Bench::new(LOCAL).init(&["-backend-config=path=erp/sandbox/terraform.tfstate"]);
    bench.ws.plan_to("saved.plan");
    fs::remove_file(bench.ws.dir().join(".terraform/terraform.tfstate")).unwrap();
    let run = bench.ws.apply_saved("saved.plan");
    warns(&run.diagnostics(), DOUBT);
    assert!(bench.root.join("erp/sandbox").is_dir());
    // It went where the plan said.
    assert!(bench.ws.dir().join("erp/sandbox/terraform.tfstate").exists());

    let strict = Bench::new(LOCAL)
        .with("  gates {\n    state = \"strict\"\n  }\n")
        .init(&["-backend-config=path=erp/sandbox/terraform.tfstate"]);
    strict.ws.plan_to("saved.plan");
    fs::remove_file(strict.ws.dir().join(".terraform/terraform.tfstate")).unwrap();
    let run = strict.ws.run(&["apply", "-json", "saved.plan"]);
    assert_eq!(run.code, Some(1), "{run}");
    let told = run.diagnostics();
    assert!(
        told.error().summary.starts_with("erp/sandbox: where this state is cannot be told"),
        "{told}"
    );
    assert!(!strict.root.join("erp/sandbox").exists());
}

#[test]
fn a_saved_plan_is_judged_by_the_backend_that_the_directory_has_at_apply() {
    let bench = Bench::new(LOCAL).init(&["-backend-config=path=erp/sandbox/terraform.tfstate"]);
    bench.ws.plan_to("saved.plan");
    bench.ws.init(&["-reconfigure", "-backend-config=path=erp/main/terraform.tfstate"]);
    let run = bench.ws.run(&["apply", "-json", "saved.plan"]);
    assert_eq!(run.code, Some(1), "{run}");
    let told = run.diagnostics();
    assert!(told.error().summary.starts_with(WRONG), "{told}");
    assert!(!bench.root.join("erp").exists(), "something was made");
}

#[test]
fn the_gate_is_strict_warns_or_is_off() {
    let gate = |value: &str| format!("  gates {{\n    state = \"{value}\"\n  }}\n");
    let strict = Bench::new("").with(&gate("strict"));
    let told = strict.ws.plan_fails();
    assert!(
        told.error().summary.starts_with("erp/sandbox: where this state is cannot be told"),
        "{told}"
    );
    let path = ["-backend-config=path=erp/main/terraform.tfstate"];
    Bench::new(LOCAL).with(&gate("strict")).init(&path).is_refused(&[]);
    let warned = Bench::new(LOCAL).with(&gate("warn")).init(&path);
    let told = warned.ws.plan().diagnostics();
    warns(&told, WRONG);
    warned.ws.step();
    Bench::new(LOCAL).with(&gate("off")).init(&path).lives();
}

#[test]
fn a_local_state_of_production_is_a_finding() {
    const LOCAL_PRODUCTION: &str = "erp/prod: the state of a production instance is a local file";
    let path = ["-backend-config=path=erp/main/terraform.tfstate"];
    let blocks = plain("it", "erp", "prod");
    let bench = Bench::new(LOCAL).init(&path);
    bench.write(&blocks);
    warns(&bench.ws.plan().diagnostics(), LOCAL_PRODUCTION);
    let strict = Bench::new(LOCAL).with("  gates {\n    state = \"strict\"\n  }\n").init(&path);
    strict.write(&blocks);
    let told = strict.ws.plan_fails();
    assert_eq!(told.error().summary, LOCAL_PRODUCTION, "{told}");
}

#[test]
fn names_alone_are_only_warned_of() {
    let bench = Bench::new(LOCAL).init(&["-backend-config=path=erp/main/terraform.tfstate"]);
    bench.write_with(
        "",
        &format!("{}{}", plain("it", "erp", "sandbox"), plain("too", "erp", "dev")),
    );
    let told = bench.ws.plan().diagnostics();
    assert_eq!(told.warnings().count(), 1, "{told}");
    assert!(told.say("this state is not its state"), "{told}");
    bench.ws.step();
    let without = Bench::new("");
    without.write_with("", &plain("it", "erp", "sandbox"));
    let told = without.ws.plan().diagnostics();
    assert_eq!(told.warnings().count(), 0, "{told}");
}

#[test]
fn a_state_may_hold_all_of_an_app_or_of_everything() {
    let both = format!(
        "{}{}",
        plain("it", "erp", "sandbox"),
        block("live", "erp", "prod", "  deletion_protection = false\n")
    );
    for (prefix, path) in [("{app}/main", "erp/main"), ("platform", "x/platform"), ("{app}", "erp")]
    {
        let bench = Bench::new(LOCAL)
            .with(&format!(
                "  gates {{\n    production = \"open\"\n  }}\n  state {{\n    prefix = \"{prefix}\"\n  }}\n"
            ))
            .init(&[&format!("-backend-config=path={path}/terraform.tfstate")]);
        bench.write(&both);
        bench.ws.step();
        bench.ws.destroy();
    }
}

#[test]
fn a_secret_is_judged_by_its_instance_and_a_deletion_is_not() {
    let secret = "resource \"appenv_env_secret\" \"key\" {\n  app = appenv_app_instance.it.app\n  env = \"sandbox\"\n  \
                  key = \"KEY\"\n  generate {}\n}\n";
    let path = ["-backend-config=path=erp/sandbox/terraform.tfstate"];
    let bench = Bench::new(LOCAL).init(&path);
    let both = format!("{}{secret}", plain("it", "erp", "sandbox"));
    bench.ws.step();
    // The same state, moved to where it is not its own.
    let moved = bench.ws.dir().join("other.tfstate");
    fs::copy(bench.ws.dir().join("erp/sandbox/terraform.tfstate"), moved).unwrap();
    bench.ws.init(&["-reconfigure", "-backend-config=path=other.tfstate"]);
    // Nothing to do is nothing to judge.
    bench.ws.is_settled();
    bench.write(&both);
    let told = bench.ws.plan_fails();
    assert!(told.error().summary.starts_with(WRONG), "{told}");
    assert_eq!(told.error().address.as_deref(), Some("appenv_env_secret.key"), "{told}");
    bench.write(&block("it", "erp", "sandbox", "  release = \"2\"\n"));
    let told = bench.ws.plan_fails();
    assert_eq!(told.error().address.as_deref(), Some(at("it").as_str()), "{told}");
    // A destroy plans the configuration first.
    bench.write(&plain("it", "erp", "sandbox"));
    bench.ws.destroy();
    assert!(!bench.root.join("erp/sandbox").exists());
}

#[test]
fn a_prefix_that_cannot_be_is_refused_at_validate() {
    let bench = Bench::new("")
        .with("  gates {\n    state = \"of\"\n  }\n  state {\n    prefix = \"{app}/{enw}\"\n  }\n");
    let told = bench.ws.validate();
    let told: Vec<_> = told
        .errors()
        .map(|error| (error.summary.as_str(), error.snippet.as_deref().unwrap_or_default().trim()))
        .collect();
    assert_eq!(
        told,
        [
            ("`gates.state` cannot be \"of\"", "state = \"of\""),
            ("Template of state.prefix cannot be read at character 7", "prefix = \"{app}/{enw}\""),
        ]
    );
}

/// Where the template does not hold the instance's own prefix, one that is not known yet decides nothing.
#[test]
fn a_prefix_that_is_not_known_yet_and_does_not_count_is_judged_at_plan() {
    let wrong =
        "  gates {\n    production = \"open\"\n  }\n  state {\n    prefix = \"{app}/{env}\"\n  }\n";
    let bench =
        Bench::new("backend \"local\" {\n    path = \"other/terraform.tfstate\"\n  }").with(wrong);
    let from = "resource \"terraform_data\" \"to\" {\n  input = \"erp/main\"\n}\n";
    let more = "  names {\n    state_prefix = terraform_data.to.output\n  }\n";
    bench.write(&format!("{from}{}", block("it", "erp", "sandbox", more)));
    let bench = bench.init(&[]);
    let told = bench.ws.plan_fails();
    assert!(told.error().summary.starts_with(WRONG), "{told}");
}
