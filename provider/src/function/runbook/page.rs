// SPDX-License-Identifier: MPL-2.0
//! The page: one title and ten sections in a fixed order, as an operator looks for them.

use super::markdown::{block, code, inline};
use super::wish::Wish;
use crate::inquiry::Answer;

/// Writes the sections.
struct Page(String);

/// The page of an instance.
pub(super) fn of(answer: &Answer, wish: &Wish) -> String {
    let (names, app, env) = (&answer.names, answer.coordinate.app(), answer.coordinate.env());
    let kind =
        if answer.production { "a production environment" } else { "no production environment" };
    let mut page = Page(format!("# {}\n\n", names.instance));
    page.text(&format!("Application {}, environment {} ({kind}).", code(app), code(env)));

    page.section("Server");
    let host = names.dns_host.as_ref().map(|host| ("Host name", code(host)));
    let health = wish.health_url.as_ref().map(|url| ("Health", code(url)));
    page.rows(
        [host, health, Some(("Namespace", code(&names.namespace)))]
            .into_iter()
            .flatten()
            .chain([("Argo CD application", code(&names.argocd_application))]),
    );
    page.told(&wish.server, "the host name, the address and the way to log in", "server");

    page.section("Database");
    page.rows(
        [
            Some(("Database", code(&names.database))),
            Some(("Owner role", code(&names.owner_role))),
            Some(("Vault database role", code(&names.vault_database_role))),
            wish.database_host.as_ref().map(|host| ("Server", code(host))),
        ]
        .into_iter()
        .flatten(),
    );
    if wish.database_host.is_none() {
        page.missing("the PostgreSQL server that has it", "database_host");
    }

    page.section("Locations");
    page.rows(
        [
            names.app_dir.as_ref().map(|dir| ("Directory", code(dir))),
            names.secrets_dir.as_ref().map(|dir| ("Secrets on the host", code(dir))),
            Some(("Secrets in Vault", code(&names.kv_path))),
            Some(("Secrets in Parameter Store", code(&names.parameter_path))),
            names.repository.as_ref().map(|repository| ("Repository", code(repository))),
            Some(("Values file", code(&names.values_file))),
            Some(("State", code(&names.state_prefix))),
        ]
        .into_iter()
        .flatten(),
    );

    page.section("Access");
    page.rows([
        ("Policy of those who keep the secrets", code(&names.ops_policy)),
        ("Role of the pipelines", code(&names.ci_role)),
        ("Policy of what runs", code(&names.runtime_policy)),
    ]);
    page.text("A login to the database, leased from Vault (`DATABASE_MOUNT` is where its database engine is):");
    page.text(&block(&format!("vault read DATABASE_MOUNT/creds/{}", names.vault_database_role)));
    page.told(&wish.access, "who may log in where, and how it is asked for", "access");

    page.section("Backup");
    if let Some(dir) = &names.secrets_dir {
        page.rows([("Copies of the files of secrets", code(&format!("{dir}/backup")))]);
    }
    page.steps(
        &wish.backup,
        "what is backed up, how often, where to, and how it is restored",
        "backup",
    );

    page.section("Deploy");
    page.steps(&wish.deploy, "the steps or commands of a deployment", "deploy");

    page.section("Roll back");
    page.steps(
        &wish.rollback,
        "the steps or commands that bring back the version before",
        "rollback",
    );

    page.section("Issues");
    let issues: Vec<_> = wish
        .issues
        .iter()
        .map(|issue| match &issue.fix {
            Some(fix) => format!("**{}**: {}", inline(&issue.symptom), inline(fix)),
            None => inline(&issue.symptom),
        })
        .collect();
    page.items(
        &issues,
        "what went wrong before and what helped, a `symptom` and a `fix` each",
        "issues",
    );

    page.section("Alerts");
    let told = [&wish.monitoring[..], &wish.alerts].concat();
    page.told(&told, "where it is watched, and which alerts there are", "monitoring` and `alerts");

    page.section("Contacts");
    let contacts: Vec<_> = wish
        .contacts
        .iter()
        .map(|contact| {
            let parts = [Some(&contact.name), contact.role.as_ref(), contact.reach.as_ref()];
            parts.into_iter().flatten().map(|part| inline(part)).collect::<Vec<_>>().join(", ")
        })
        .collect();
    page.items(&contacts, "whom to call, a `name`, a `role` and a way to `reach` each", "contacts");
    page.0
}

// === impl Page ===

impl Page {
    fn section(&mut self, title: &str) {
        self.text(&format!("## {title}"));
    }

    /// A paragraph, a block or a heading.
    fn text(&mut self, text: &str) {
        if !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn rows<'a>(&mut self, rows: impl IntoIterator<Item = (&'a str, String)>) {
        let rows: Vec<_> =
            rows.into_iter().map(|(what, value)| format!("- {what}: {value}")).collect();
        self.text(&rows.join("\n"));
    }

    /// Texts, an item each.
    fn told(&mut self, texts: &[String], what: &str, key: &str) {
        let texts: Vec<_> = texts.iter().map(|text| inline(text)).collect();
        self.items(&texts, what, key);
    }

    /// Items that are Markdown already.
    fn items(&mut self, items: &[String], what: &str, key: &str) {
        if items.iter().all(String::is_empty) {
            return self.missing(what, key);
        }
        let items: Vec<_> = items.iter().map(|item| format!("- {item}")).collect();
        self.text(&items.join("\n"));
    }

    /// Commands to run: those of several lines as a block, those of one numbered.
    fn steps(&mut self, steps: &[String], what: &str, key: &str) {
        match steps {
            [] => self.missing(what, key),
            [all] if all.trim().is_empty() => self.missing(what, key),
            [all] if all.contains('\n') => self.text(&block(all)),
            steps => {
                let lines: Vec<_> = steps
                    .iter()
                    .enumerate()
                    .map(|(at, step)| format!("{}. {}", at + 1, inline(step)))
                    .collect();
                self.text(&lines.join("\n"));
            }
        }
    }

    fn missing(&mut self, what: &str, key: &str) {
        self.text(&format!("*To fill in: {what} (`{key}` of the options' `runbook`).*"));
    }
}
