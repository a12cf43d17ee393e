// SPDX-License-Identifier: MPL-2.0
//! The bench's way with the CLI, proven on what the CLI can do by itself.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use acceptance::scratch::Scratch;
use acceptance::{Cli, Workspace};
use serde_json::json;

const DATA: &str = "resource \"terraform_data\" \"a\" {\n  input = \"one\"\n}\n";

#[test]
fn a_step_ends_settled_and_the_state_is_there_to_ask() {
    for cli in Cli::all() {
        let ws = Workspace::without_provider(cli);
        ws.write("main.tf", DATA);
        assert!(ws.state().is_empty());
        assert_eq!(ws.has_changes().planned(), ["terraform_data.a: create"]);
        ws.step();
        assert_eq!(ws.state().attribute("terraform_data.a", "input"), "one");
        assert_eq!(ws.state().addresses(), ["terraform_data.a"]);
        ws.write("main.tf", &DATA.replace("one", "two"));
        assert_eq!(ws.has_changes().planned(), ["terraform_data.a: update"]);
        ws.step();
        assert_eq!(ws.state().attribute("terraform_data.a", "output"), "two");
        ws.destroy();
        assert!(ws.state().is_empty());
    }
}

#[test]
#[should_panic(expected = "the plan that does not refresh is not empty")]
fn a_step_that_never_settles_fails() {
    let ws = Workspace::without_provider(Cli::any());
    ws.write("main.tf", "resource \"terraform_data\" \"a\" {\n  input = timestamp()\n}\n");
    ws.step();
}

#[test]
fn refusals_are_told_apart() {
    for cli in Cli::all() {
        let ws = Workspace::without_provider(cli);
        ws.write("main.tf", "resource \"terraform_data\" \"a\" {\n  inputt = 1\n}\n");
        let refused = ws.plan_fails();
        let error = refused.error_titled("Unsupported argument");
        assert!(error.detail.contains("inputt"), "{error}");
        assert_eq!(error.snippet.as_deref().map(str::trim), Some("inputt = 1"));
        assert_eq!(&ws.apply_fails(), &refused);
        assert_eq!(ws.validate().error().summary, "Unsupported argument");

        ws.write(
            "main.tf",
            "variable \"app\" {\n  default = \"erp\"\n}\nresource \"terraform_data\" \"a\" {\n  lifecycle {\n    \
             precondition {\n      condition = var.app == \"crm\"\n      error_message = \"There is no such app.\"\n    \
             }\n  }\n}\n",
        );
        let refused = ws.plan_fails();
        assert_eq!(
            refused.error().snippet.as_deref().map(str::trim),
            Some("condition = var.app == \"crm\"")
        );
        assert!(refused.say("There is no such app."), "{refused}");
    }
}

#[test]
fn imports_saved_plans_and_state_surgery_work() {
    for cli in Cli::all() {
        let ws = Workspace::without_provider(cli);
        ws.write("main.tf", DATA);
        ws.import("terraform_data.a", "some-id");
        assert_eq!(ws.state().attribute("terraform_data.a", "id"), "some-id");
        let again = ws.import_fails("terraform_data.a", "some-id");
        assert!(again.error().summary.starts_with("Resource already managed by "), "{again}");
        ws.plan_to("saved.plan");
        assert_eq!(
            ws.show_plan("saved.plan")["resource_changes"][0]["change"]["actions"],
            json!(["update"])
        );
        ws.apply_saved("saved.plan");
        ws.is_settled();
        ws.state_rm("terraform_data.a");
        assert!(ws.state().is_empty());
        assert_eq!(ws.state_file()["resources"], json!([]));
    }
}

#[test]
fn nothing_leaks_in_from_outside() {
    let ws = Workspace::without_provider(Cli::any())
        .with_env([("TF_VAR_given".to_owned(), "by the test".to_owned())]);
    ws.write(
        "main.tf",
        "variable \"given\" {}\nresource \"terraform_data\" \"a\" {\n  input = var.given\n  provisioner \"local-exec\" \
         {\n    command = \"env\"\n  }\n}\n",
    );
    let applied = ws.apply();
    assert_eq!(ws.state().attribute("terraform_data.a", "input"), "by the test");
    let said: Vec<_> = applied
        .events()
        .iter()
        .filter(|event| event["type"] == "provision_progress")
        .filter_map(|event| event["hook"]["output"].as_str().map(str::to_owned))
        .collect();
    let allowed = [
        "PATH",
        "HOME",
        "TMPDIR",
        "LANG",
        "PWD",
        "SHLVL",
        "_",
        "OLDPWD",
        "CHECKPOINT_DISABLE",
        "TF_IN_AUTOMATION",
        "TF_INPUT",
        "TF_CLI_CONFIG_FILE",
        "TF_LOG",
        "TF_LOG_PATH",
        "TF_VAR_given",
        "TF_PANICWRAP_STDERR",
    ];
    let names: Vec<_> = said.iter().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert!(names.contains(&"TF_VAR_given"), "{said:?}");
    let strange: Vec<_> = names.iter().filter(|name| !allowed.contains(name)).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn a_backend_can_be_prepared() {
    for cli in Cli::all() {
        let ws = Workspace::without_provider(cli);
        ws.write("main.tf", &format!("terraform {{\n  backend \"local\" {{}}\n}}\n{DATA}"));
        ws.init(&["-backend-config=path=erp/main/terraform.tfstate"]);
        ws.step();
        assert!(ws.dir().join("erp/main/terraform.tfstate").is_file());
    }
}

#[test]
fn a_run_can_be_watched_interrupted_and_outlives_no_deadline() {
    const SLOW: &str = "resource \"terraform_data\" \"a\" {\n  provisioner \"local-exec\" {\n    command = \"touch \
                        begun; sleep 60\"\n  }\n}\n";
    let ws = Workspace::without_provider(Cli::any());
    ws.write("main.tf", SLOW);
    let mut run = ws.start(&["apply", "-json", "-auto-approve"]);
    run.wait_until("the provisioner runs", |_| ws.dir().join("begun").exists());
    assert!(run.providers().is_empty());
    run.interrupt();
    let run = run.wait();
    assert_eq!(run.code, Some(1), "{run}");
    assert!(run.took < Duration::from_secs(30));

    let ws = Workspace::without_provider(Cli::any()).with_deadline(Duration::from_secs(3));
    ws.write("main.tf", SLOW);
    let late = std::panic::catch_unwind(|| ws.run(&["apply", "-auto-approve"]));
    let told = *late.unwrap_err().downcast::<String>().unwrap();
    assert!(told.contains("took longer than 3s"), "{told}");
}

#[test]
fn a_provider_answers_to_its_name_and_can_be_killed() {
    for cli in Cli::all() {
        let scratch = Scratch::new("provider");
        let program = scratch.join("any-name");
        let fifo = scratch.join("fifo");
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        // Waits for ever and has no child that would keep its output open.
        std::fs::write(&program, format!("#!/bin/sh\nread x < {}\n", fifo.display())).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let ws = Workspace::with_provider_at(cli, &program);
        ws.write(
            "main.tf",
            "terraform {\n  required_providers {\n    appenv = {\n      source = \"arcodange/appenv\"\n    }\n  }\n}\n\
             data \"appenv_names\" \"a\" {}\n",
        );
        let victim = ws.victim();
        assert_eq!(victim.kill(), 0, "nothing runs yet");
        let mut run = ws.start(&["plan", "-json"]);
        run.wait_until("the provider has started", |run| !run.providers().is_empty());
        assert_eq!(victim.kill(), 1);
        let run = run.wait();
        assert_eq!(run.code, Some(1), "{run}");
        assert!(run.took < Duration::from_secs(30), "the CLI waited for a dead provider");
        assert!(run.diagnostics().errors().next().is_some(), "{run}");
    }
}
