// SPDX-License-Identifier: MPL-2.0
//! Vault objects that a configuration asks for later, or no longer: what another hand made is refused, what is the
//! instance's own goes.

use std::sync::Arc;

use acceptance::servers::Servers;
use acceptance::{Cli, Snapshot, Workspace};
use serde_json::{Value, json};

use crate::instances::{Planned, address, instance, provider};
use crate::site::refused;

const KUBERNETES: &str = "    kubernetes {\n      mount = \"kubernetes\"\n    }\n";
const CI: &str = "    ci {\n      mount = \"gitea_jwt\"\n      bound_claims = {\n        repository = \"{organization}/{app}\"\n      }\n    }\n";
const OWN: &str = "  vault {\n    ops_scope = \"own\"\n  }";

/// A state with one instance.
struct State {
    servers: Arc<Servers>,
    ws: Workspace,
    app: &'static str,
    env: &'static str,
}

impl State {
    fn of(app: &'static str, env: &'static str) -> Self {
        let servers = Servers::shared();
        let ws = Workspace::new(Cli::any()).with_env(servers.env()).without_trace();
        Self { servers, ws, app, env }
    }

    /// Writes the configuration: blocks of the provider's `vault`, and what is in the instance's.
    fn write(&self, vault: &str, body: &str) -> &Self {
        let provider = provider(&format!("  postgres {{}}\n\n  vault {{\n{vault}  }}\n"));
        let body = format!("  deletion_protection = false\n{body}");
        self.ws.write("main.tf", &format!("{provider}{}", instance(self.app, self.env, &body)));
        self
    }

    fn address(&self) -> String {
        address(self.app, self.env)
    }

    fn id(&self) -> String {
        format!("{}/{}", self.app, self.env)
    }

    fn read(&self, path: &str) -> Option<Value> {
        self.servers.bao.read(path).map(|answer| answer["data"].clone())
    }

    fn lines(&self) -> Vec<String> {
        let state = self.ws.state();
        let objects = state.attribute(&self.address(), "objects").as_object().unwrap();
        objects.keys().cloned().collect()
    }
}

/// What can be asked for later: its line of `objects`, where it stands, what another hand makes there, the provider's
/// blocks and the instance's that ask for it.
struct Asked {
    line: &'static str,
    path: String,
    body: Value,
    told: String,
    vault: &'static str,
    instance: &'static str,
}

fn asked(app: &str) -> Vec<Asked> {
    vec![
        Asked {
            line: "vault_kubernetes_role",
            path: format!("auth/kubernetes/role/{app}-sandbox"),
            body: json!({
                "bound_service_account_names": ["x"], "bound_service_account_namespaces": ["y"],
            }),
            told: format!("Kubernetes auth role \"{app}-sandbox\""),
            vault: KUBERNETES,
            instance: "",
        },
        Asked {
            line: "vault_ci_role",
            path: format!("auth/gitea_jwt/role/gitea_cicd_{app}"),
            body: json!({
                "role_type": "jwt", "user_claim": "sub", "bound_claims": { "repository": "o/x" },
            }),
            told: format!("CI role \"gitea_cicd_{app}\""),
            vault: CI,
            instance: "",
        },
        Asked {
            line: "vault_own_ops_policy",
            path: format!("sys/policies/acl/{app}-sandbox-ops"),
            body: json!({ "policy": "path \"a\" { capabilities = [\"read\"] }" }),
            told: format!("policy \"{app}-sandbox-ops\" (no marker)"),
            vault: "",
            instance: OWN,
        },
    ]
}

#[test]
fn an_object_of_another_hand_is_refused_before_the_first_write() {
    let state = State::of("handed", "sandbox");
    let bao = &state.servers.bao;
    state.write("", "").ws.step();
    for Asked { line, path, body, told, vault, instance } in asked("handed") {
        // Planned before the other hand came, for the apply to judge alone.
        state.write(vault, instance);
        state.ws.plan_to("early.plan");
        bao.api().put(&path, &body);
        let made = state.read(&path);
        let before = Snapshot::of_app(&state.servers, "handed");
        let titled = "handed/sandbox: objects are in the way";
        let words = [told.as_str(), "state rm", "import"];
        for args in [&[][..], &["-refresh=false"]] {
            refused(&state.ws.plan_fails_with(args), titled, &words);
            refused(&state.ws.apply_fails_with(args), titled, &words);
        }
        let run = state.ws.run(&["apply", "-json", "early.plan"]);
        assert_eq!(run.code, Some(1), "{run}");
        refused(&run.diagnostics(), titled, &words);
        Snapshot::of_app(&state.servers, "handed").since(&before).is_nothing();
        assert_eq!(state.read(&path), made, "{line}");

        // Not asked for, it stands in nobody's way, and outlives what else is applied.
        let limit = format!("  database {{\n    connection_limit = {}\n  }}", line.len());
        state.write("", &limit).ws.step();
        assert_eq!(state.read(&path), made, "{line}");

        // One way out: without it, ours is made.
        bao.api().delete(&path);
        state.write(vault, instance).ws.step();
        assert!(state.lines().contains(&line.to_owned()) && state.read(&path) != made, "{line}");
        state.write("", "").ws.step();
        assert_eq!(state.read(&path), None, "{line}");
    }
    state.ws.destroy();
}

#[test]
fn an_import_takes_over_what_another_hand_made() {
    let state = State::of("taker", "sandbox");
    for Asked { line, path, body, vault, instance, .. } in asked("taker") {
        state.write("", "").ws.step();
        state.servers.bao.api().put(&path, &body);
        let made = state.read(&path);
        state.write(vault, instance).ws.plan_fails();
        state.ws.state_rm(&state.address());
        state.ws.import(&state.address(), &state.id());
        let plan = Planned::of(&state.ws);
        assert_eq!(plan.actions(&state.address()), "update");
        if vault.is_empty() {
            assert_eq!(plan.after(&state.address())["objects"][line], "ok");
        } else {
            let drift = plan.drift(&state.address());
            let lead = format!("{line}: differs: appenv did not make it; ");
            assert!(drift.iter().any(|told| told.starts_with(&lead)), "{drift:?}");
        }
        assert_eq!(state.read(&path), made);
        state.ws.apply_saved("saved.plan");
        state.ws.is_settled();
        assert_ne!(state.read(&path), made);
        state.ws.destroy();
        assert_eq!(state.read(&path), None, "{line}");
    }
}

#[test]
fn what_is_no_longer_asked_for_is_a_line_of_the_plan_and_goes() {
    let state = State::of("shed", "sandbox");
    for Asked { line, path, vault, instance, .. } in asked("shed") {
        state.write(vault, instance).ws.step();
        assert!(state.read(&path).is_some());
        state.write("", "");
        for args in [&["-refresh=false"][..], &[]] {
            let run = state.ws.plan_with(&[args, &["-out=saved.plan"]].concat());
            assert_eq!(run.code, Some(2), "{line}: {run}");
        }
        let plan = Planned::of(&state.ws);
        assert_eq!(plan.actions(&state.address()), "update");
        assert!(!plan.before(&state.address())["objects"][line].is_null(), "{line}");
        assert!(plan.after(&state.address())["objects"][line].is_null(), "{line}");
        state.ws.apply_saved("saved.plan");
        state.ws.is_settled();
        assert_eq!(state.read(&path), None, "{line}");
        assert!(!state.lines().contains(&line.to_owned()));
    }
    // Dropped and never applied: the end takes it all the same.
    let before = Snapshot::of_app(&state.servers, "shed");
    for Asked { path, vault, instance, .. } in asked("shed") {
        state.write(vault, instance).ws.step();
        state.write("", "").ws.destroy();
        assert_eq!(state.read(&path), None);
        state.write("", "").ws.step();
    }
    Snapshot::of_app(&state.servers, "shed").since(&before).outside(&["appenv"]).is_nothing();
    state.ws.destroy();
}

#[test]
fn the_ci_role_stays_for_the_others_until_the_last_gives_it_up() {
    let (prod, sandbox) = (State::of("leaver", "prod"), State::of("leaver", "sandbox"));
    let path = "auth/gitea_jwt/role/gitea_cicd_leaver";
    prod.write(CI, "").ws.step();
    let role = prod.read(path).unwrap();
    // A state that wants it later gets its part in what is there.
    sandbox.write("", "").ws.step();
    sandbox.write(CI, "").ws.step();
    prod.write("", "").ws.step();
    assert_eq!(sandbox.read(path).as_ref(), Some(&role));
    sandbox.ws.is_settled();
    sandbox.ws.destroy();
    assert_eq!(sandbox.read(path), None);
    prod.ws.is_settled();
    prod.ws.destroy();
}
