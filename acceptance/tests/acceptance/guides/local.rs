// SPDX-License-Identifier: MPL-2.0
//! Guides that need no server: their instances are directories.

use std::os::unix::fs::PermissionsExt;

use acceptance::{Canaries, Sinks, random};

use super::walk::Walk;

/// A sandbox in directories.
const SANDBOX: &str = r#"provider "appenv" {
  host {
    root = "~/apps"
  }
}

resource "appenv_app_instance" "sandbox" {
  app = "erp"
  env = "sandbox"
}
"#;

/// Production in directories under a gate, one apply behind what is written then.
fn production(walk: &Walk, gate: &str) {
    let provider = format!(
        "provider \"appenv\" {{\n  owner = \"arcodange/erp\"\n\n  gates {{\n    production = \"{gate}\"\n  }}\n\n  \
         host {{\n    root = \"~/apps\"\n  }}\n}}\n"
    );
    walk.does("rm -rf terraform.tfstate* ~/apps");
    walk.ws.write("provider.tf", &provider);
    instance(walk, "[\"\"]");
    walk.does("terraform apply -auto-approve");
    instance(walk, "[\"\", \"users\"]");
}

fn instance(walk: &Walk, files: &str) {
    let block = format!(
        "resource \"appenv_app_instance\" \"prod\" {{\n  app       = \"erp\"\n  env       = \"prod\"\n  env_files = {files}\n}}\n"
    );
    walk.ws.write("erp.tf", &block);
}

/// What is in a directory of the reader's home, by name.
fn listed(walk: &Walk, dir: &str) -> Vec<String> {
    let entries = std::fs::read_dir(walk.home().join(dir)).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub fn names_command(mut walk: Walk) -> Walk {
    // A backend is initialised, and no provider.
    walk.ws.write("versions.tf", "terraform {\n  backend \"local\" {}\n}\n");
    walk.follow_to_the_end();
    walk
}

pub fn check_command(mut walk: Walk) -> Walk {
    walk.ws.write("main.tf", SANDBOX);
    walk.does("terraform apply -auto-approve");
    walk.ws.write(".env", "PORT=8080\n");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(walk.ws.dir().join(".env"), open).unwrap();
    walk.follow_to_the_end();
    walk
}

pub fn gate_command(mut walk: Walk) -> Walk {
    walk.ws.write("main.tf", SANDBOX);
    walk.follow_to_the_end();
    // The same job is closed for a plan that is refused, and for one that cannot be made.
    walk.does("rm main.tf");
    production(&walk, "noop");
    walk.ends_with(3, "sh gate.sh");
    walk.ws.write("erp.tf", "resource {}\n");
    walk.ends_with(1, "sh gate.sh");
    walk
}

pub fn state_gate(mut walk: Walk) -> Walk {
    walk.ws.use_mirror();
    let (provider, instance) = SANDBOX.split_once("\n\n").unwrap();
    walk.ws.write("provider.tf", provider).write("main.tf", instance);
    walk.follow_to_the_end();
    assert_eq!(listed(&walk, "apps/erp"), ["sandbox", "secrets"]);
    walk
}

pub fn approvals(mut walk: Walk) -> Walk {
    walk.does(
        "mkdir -m 0700 ~/.ssh && ssh-keygen -q -t ed25519 -N '' -C alice -f ~/.ssh/id_ed25519",
    );
    production(&walk, "noop");
    assert_eq!(listed(&walk, "apps/erp/prod/erp"), [".env.prod"]);
    walk.until("At apply");
    assert_eq!(listed(&walk, "apps/erp/prod/erp"), [".env.prod", ".env.prod.users"]);
    production(&walk, "review");
    walk.follow_to_the_end();
    assert_eq!(listed(&walk, "apps/erp/prod/erp"), [".env.prod", ".env.prod.users"]);
    walk
}

pub fn promotion(mut walk: Walk) -> Walk {
    walk.follow_to_the_end();
    let noted = std::fs::read_to_string(walk.ws.dir().join("evidence.json")).unwrap();
    assert!(noted.contains("sha256:"), "{noted}");
    walk
}

pub fn rotating_secrets(mut walk: Walk) -> Walk {
    let (token, next) = (random::canary(), random::canary());
    walk.set_env("TF_VAR_api_token", &token).set_env("NEXT_TOKEN", &next);
    walk.until("In production");
    let file = walk.home().join("apps/erp/secrets/sandbox/.env");
    let text = std::fs::read_to_string(&file).unwrap();
    for (key, value) in [("API_TOKEN_PREVIOUS=", &token), ("API_TOKEN=", &next)] {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap();
        // The end of it is quoted in no form.
        assert!(
            line.contains(value.rsplit(' ').next().unwrap()),
            "{key} is not the value it was given"
        );
    }
    walk.follow_to_the_end();
    // The store alone has it.
    std::fs::remove_dir_all(walk.home().join("apps")).unwrap();
    let mut canaries = Canaries::new();
    canaries.register("the token", &token).register("the next one", &next);
    canaries.are_nowhere(&Sinks::default().with_path(walk.ws.root()));
    walk
}

pub fn ci(mut walk: Walk) -> Walk {
    walk.ws.use_mirror();
    walk.ws.write("main.tf", SANDBOX);
    walk.until("The approval");
    assert_eq!(listed(&walk, "apps/erp"), ["sandbox", "secrets"]);
    walk.follow_to_the_end();
    walk
}

pub fn upgrading(mut walk: Walk) -> Walk {
    walk.has_versions(&["0.1.0", "0.2.0"]);
    walk.ws.write("main.tf", SANDBOX);
    walk.until("What a new version does not change");
    walk.does("terraform apply -auto-approve");
    walk.until("The state");
    assert_eq!(walk.does("grep version .terraform.lock.hcl").stdout.matches("0.2.0").count(), 1);
    // As a later release would have left it.
    walk.does("cp terraform.tfstate before && sed -i 's/\"schema_version\": [0-9]*/\"schema_version\": 7/' terraform.tfstate");
    walk.until("Going back");
    walk.does("mv before terraform.tfstate");
    walk.follow_to_the_end();
    walk.does("terraform plan -detailed-exitcode");
    walk
}

pub fn troubleshooting(mut walk: Walk) -> Walk {
    walk.ws.write("main.tf", SANDBOX);
    walk.follow_to_the_end();
    walk
}
