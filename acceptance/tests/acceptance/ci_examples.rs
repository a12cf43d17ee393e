// SPDX-License-Identifier: MPL-2.0
//! The workflows of `examples/ci`: every command in them, run with the real CLI on the root beside them, with logins that have
//! the documented rights; what they say to the forge is said to a server here.

mod bucket;
mod forge;
mod logins;
mod workflow;

use std::collections::BTreeMap;

use acceptance::servers::Servers;
use acceptance::{Cli, Run, Snapshot, Workspace, provider};

use bucket::Bucket;
use forge::Forge;
use logins::{Logins, begin, root};
use workflow::{Runner, load};

const TOKEN: &str = "t0k3n";
const MARKER: &str = "<!-- appenv-gate -->\n## appenv gate: ";

/// One forge's workflow.
struct Example {
    file: &'static str,
    forge: Forge,
    token: &'static str,
}

fn examples() -> [Example; 2] {
    [
        Example {
            file: "github/infrastructure.yml",
            forge: Forge::new("", "Bearer t0k3n", "github-actions[bot]"),
            token: "github.token",
        },
        Example {
            file: "gitea/infrastructure.yml",
            forge: Forge::new("/api/v1", "token t0k3n", "gitea-actions"),
            token: "secrets.GITEA_TOKEN",
        },
    ]
}

impl Example {
    fn runner<'a>(&self, ws: &'a Workspace, logins: &Logins, event: &'a str) -> Runner<'a> {
        let says = [
            ("vars.PGHOST", logins.pg_host.clone()),
            ("vars.VAULT_ADDR", logins.vault_addr.clone()),
            ("github.api_url", self.forge.url()),
            ("github.server_url", self.forge.url()),
            ("github.event.pull_request.number", "7".to_owned()),
            ("github.repository", "acme/shop".to_owned()),
            (self.token, TOKEN.to_owned()),
            ("vars.APPENV_APPROVALS", logins.approvals.clone()),
        ];
        let says = says.into_iter().collect::<BTreeMap<_, _>>();
        let mut runner =
            Runner { ws, event, says, outputs: BTreeMap::new(), summary: String::new() };
        let of_event = |name: &str| event == "push" || name.starts_with("PLAN_");
        for (name, value) in logins.secrets.iter().filter(|(name, _)| of_event(name)) {
            runner.outputs.insert(format!("secrets.{name}"), value.clone());
        }
        runner
    }

    /// Runs the job `plan` for a pull request; its comment, and whether the job went well.
    fn proposed(&self, ws: &Workspace, logins: &Logins) -> (String, bool) {
        let mut runner = self.runner(ws, logins, "pull_request");
        let workflow = load(self.file);
        let runs = runner.job(&workflow, "plan").unwrap();
        let good = went_well(&runs);
        assert!(runner.job(&workflow, "apply").is_none(), "a pull request applies");
        (self.forge.comments().pop().unwrap(), good)
    }

    /// Proposes a change that is refused, which its comment says, and approves it as the comment has it.
    fn refused_then_approved(&self, ws: &Workspace, logins: &mut Logins) {
        let (comment, good) = self.proposed(ws, logins);
        assert!(
            !good && comment.starts_with(&format!("{MARKER}refused, 1 change not approved")),
            "{comment}"
        );
        let at = comment.find("a1-").unwrap_or_else(|| panic!("no digest: {comment}"));
        let is_digest = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        logins.approvals = comment[at..].chars().take_while(is_digest).collect();
    }

    /// Runs both jobs for the merge; whether the second one ran.
    fn merged(&self, ws: &Workspace, logins: &Logins) -> bool {
        let mut runner = self.runner(ws, logins, "push");
        let workflow = load(self.file);
        let runs = runner.job(&workflow, "plan").unwrap();
        assert!(went_well(&runs), "{}", runs.last().unwrap().1);
        let applied = runner.job(&workflow, "apply");
        if let Some(runs) = &applied {
            assert!(went_well(runs), "{}", runs.last().unwrap().1);
            assert!(runs.last().unwrap().1.stdout.contains("nothing to change"));
        }
        if self.file.starts_with("github") {
            assert!(runner.summary.starts_with(MARKER), "{}", runner.summary);
        }
        applied.is_some()
    }
}

/// Whether every command ended in 0; one that does not is the last.
fn went_well(runs: &[(String, Run)]) -> bool {
    let last = runs.last().unwrap();
    assert!(last.1.code == Some(0) || last.0 == "Decide", "{} failed: {}", last.0, last.1);
    last.1.code == Some(0)
}

#[test]
fn a_change_is_proposed_reviewed_and_applied() {
    let servers = Servers::start();
    let bucket = Bucket::start();
    let logins = Logins::made(&servers, &bucket);
    let has = |app: &str, env: &str| {
        let name = if env == "prod" { app.to_owned() } else { format!("{app}-{env}") };
        servers.pg.has_database(&name)
    };
    for cli in Cli::all() {
        for example in examples() {
            let forge = example.file.split('/').next().unwrap();
            let app = format!("shop-{forge}-{}", cli.product.to_string().to_lowercase());
            let ws = root(cli, &servers, &bucket, &app);
            ws.use_mirror();
            begin(&ws, &logins);
            let before = Snapshot::of_app(&servers, &app);

            let (comment, good) = example.proposed(&ws, &logins);
            assert!(
                good && comment.starts_with(&format!("{MARKER}2 changes, all allowed")),
                "{comment}"
            );
            for env in ["prod", "sandbox"] {
                assert!(comment.contains(&format!("`{app}/{env}`")), "{comment}");
            }
            assert_eq!(example.forge.comments().len(), 2, "a stranger's and ours");
            example.forge.requests();

            // Another push to it: the comment is replaced, wherever it is.
            let (comment, good) = example.proposed(&ws, &logins);
            assert!(good && !has(&app, "prod") && !has(&app, "sandbox"));
            assert_eq!(example.forge.comments(), ["<!-- appenv-gate -->\nall is well", &comment]);
            let written = example.forge.requests().pop().unwrap();
            assert_eq!(written, "PATCH /repos/acme/shop/issues/comments/2");

            assert!(example.merged(&ws, &logins), "a merge applies");
            assert!(has(&app, "prod") && has(&app, "sandbox"));
            assert!(!example.merged(&ws, &logins), "nothing is left to apply");

            // What fails is told, and the job fails.
            ws.write("broken.tf", "resource \"appenv_app_instance\" \"x\" {\n  app = \"Erp\"\n}\n");
            let (comment, good) = example.proposed(&ws, &logins);
            assert!(!good && comment.starts_with(&format!("{MARKER}closed, ")), "{comment}");
            ws.remove("broken.tf");

            // What destroys is told.
            ws.edit(
                "variables.tf",
                "default     = [\"prod\", \"sandbox\"]",
                "default     = [\"prod\"]",
            );
            let (comment, good) = example.proposed(&ws, &logins);
            assert!(
                good && comment.contains("all allowed, and one object is destroyed"),
                "{comment}"
            );
            assert_eq!(example.forge.comments().len(), 2);
            assert!(example.merged(&ws, &logins));
            assert!(has(&app, "prod") && !has(&app, "sandbox"));

            // It ends by two merges, each approved.
            let mut logins = logins.clone();
            ws.edit("variables.tf", "default     = null", "default     = false");
            example.refused_then_approved(&ws, &mut logins);
            assert!(example.merged(&ws, &logins) && has(&app, "prod"));
            ws.edit("variables.tf", "default     = [\"prod\"]", "default     = []");
            example.refused_then_approved(&ws, &mut logins);
            assert!(example.merged(&ws, &logins));
            Snapshot::of_app(&servers, &app).since(&before).outside(&["appenv"]).is_nothing();
            assert!(bucket.objects().contains(&format!("{app}/main/default.tfstate")));
        }
    }
}

#[test]
fn a_comment_is_found_behind_a_hundred_others() {
    let [github, _] = examples();
    let ws = Workspace::new(Cli::any()).without_trace();
    ws.use_mirror();
    // Which root it is makes no difference here, and this one needs no server.
    ws.copy_from("examples/host-only");
    let logins = Logins::none();
    github.forge.chatter(150);
    github.proposed(&ws, &logins);
    github.forge.chatter(150);
    github.forge.requests();
    let (mut runner, workflow) = (github.runner(&ws, &logins, "pull_request"), load(github.file));
    assert!(went_well(&runner.job(&workflow, "plan").unwrap()));
    let comments = github.forge.comments();
    assert_eq!(comments.iter().filter(|comment| comment.starts_with(MARKER)).count(), 1);
    let written = github.forge.requests().pop().unwrap();
    assert_eq!(written, "PATCH /repos/acme/shop/issues/comments/152");
}

#[test]
fn each_job_has_credentials_for_the_bucket() {
    let versions = provider::root().join("examples/ci/versions.tf");
    assert!(std::fs::read_to_string(versions).unwrap().contains("backend \"gcs\""));
    for example in examples() {
        let workflow = load(example.file);
        for (job, whose) in [("plan", "PLAN"), ("apply", "APPLY")] {
            let given = workflow["jobs"][job]["env"]["GOOGLE_CREDENTIALS"].as_str();
            let secret = format!("${{{{ secrets.{whose}_GOOGLE_CREDENTIALS }}}}");
            assert_eq!(given, Some(&*secret), "{} of {}", job, example.file);
        }
    }
}

#[test]
fn a_plan_has_no_secret_but_logins_that_read() {
    for example in examples() {
        let workflow = load(example.file);
        let plan = format!("{:?}", workflow["jobs"]["plan"]);
        let asked: Vec<&str> = plan.split("secrets.").skip(1).collect();
        assert!(!asked.is_empty());
        for secret in asked {
            assert!(secret.starts_with("PLAN_") || secret.starts_with("GITEA_TOKEN"), "{secret}");
        }
        assert!(!format!("{workflow:?}").contains("pull_request_target"));
    }
}
