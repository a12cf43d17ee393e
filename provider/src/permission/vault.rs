// SPDX-License-Identifier: MPL-2.0
//! The policy of a token in Vault or OpenBao.
//!
//! A write is `create` where nothing stands and `update` where something does, but only at paths whose backend looks
//! first; at others, such as `sys/policies/acl`, every write is `update` (Vault manual, "Policies", Capabilities).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Run, Uses};
use crate::naming::Names;
use crate::plan::vault::OpsScope;

/// What there is of a Vault server in the provider configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Mount of the KV v2 engine.
    pub kv_mount: String,
    /// Mount of the database engine and its connection; `None` where there is no PostgreSQL.
    pub database: Option<(String, String)>,
    /// Mount of the Kubernetes auth method.
    pub kubernetes: Option<String>,
    /// Mount of the JWT auth method for pipelines.
    pub ci: Option<String>,
}

/// Of which instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Any: secrets are at paths of these patterns.
    Any {
        /// Patterns of `kv_path`, see [`segments`](super::pattern::segments).
        kv_paths: BTreeSet<String>,
    },
    /// These and no others: app and names.
    These(Vec<(String, Names)>),
    /// As any, for a reader to cut down: also what another stanza covers, so that each can be left out by itself.
    Document,
}

/// One stanza of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza {
    /// The path, without `/v1/`; `+` is any one segment, a `*` at the end anything.
    pub path: String,
    /// Words of the policy language, in the order they are written.
    pub capabilities: Vec<&'static str>,
    /// What it is for; the same of several in a row is written once.
    pub why: &'static str,
}

/// Collects stanzas.
struct Writer<'a> {
    layout: &'a Layout,
    scope: &'a Scope,
    uses: Uses,
    run: Run,
    stanzas: Vec<Stanza>,
}

/// Capabilities for a plan, and for an apply.
type Words = (&'static [&'static str], &'static [&'static str]);

const READ: &[&str] = &["read"];
const DOCUMENT: Words = (READ, &["create", "update", "read"]);
const OBJECT: Words = (READ, &["create", "update", "read", "delete"]);
/// The first create founds the registry; that document is never written again.
const REGISTRY: Words = (READ, &["create", "read"]);
/// Every write of a policy is an update.
const POLICY: Words = (READ, &["update", "read", "delete"]);
const NOTHING: &[&str] = &[];

/// The stanzas, in the order in which they are written.
pub fn stanzas(layout: &Layout, scope: &Scope, uses: Uses, run: Run) -> Vec<Stanza> {
    let mut writer = Writer { layout, scope, uses, run, stanzas: Vec::new() };
    writer.registry();
    writer.objects();
    writer.secrets();
    writer.stanzas
}

/// The policy's text.
pub fn policy(layout: &Layout, scope: &Scope, uses: Uses, run: Run) -> String {
    let mut text = header(layout, scope, run);
    let mut said = "";
    for stanza in stanzas(layout, scope, uses, run) {
        text.push('\n');
        for line in stanza.why.lines().filter(|_| stanza.why != said) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {line}");
        }
        said = stanza.why;
        let words: Vec<_> = stanza.capabilities.iter().map(|word| format!("\"{word}\"")).collect();
        let path = stanza.path.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(text, "path \"{path}\" {{\n  capabilities = [{}]\n}}", words.join(", "));
    }
    if let Some((mount, _)) =
        layout.database.as_ref().filter(|_| run == Run::Plan && !uses.credentials)
    {
        let _ = write!(
            text,
            "\n# A plan opens the ephemeral resource appenv_database_credentials where the instance is there already. That leases \
             a\n# login, which is more than to read: a token that may plan it has also\n#\n\
             #   path \"{mount}/creds/*\"                  {{ capabilities = [\"read\"] }}\n\
             #   path \"sys/leases/revoke/{mount}/creds/*\" {{ capabilities = [\"update\"] }}\n"
        );
    }
    text
}

fn header(layout: &Layout, scope: &Scope, run: Run) -> String {
    let mut mounts = vec![layout.kv_mount.as_str()];
    mounts.extend(layout.database.as_ref().map(|(mount, _)| mount.as_str()));
    mounts.extend(layout.kubernetes.as_deref());
    mounts.extend(layout.ci.as_deref());
    let mut text = match run {
        Run::Plan => {
            "# What the vault facet of appenv needs to plan: it reads, and writes nothing.\n"
                .to_owned()
        }
        Run::Apply => "# What the vault facet of appenv needs to apply.\n".to_owned(),
    };
    let _ = writeln!(text, "# Mounts: {}.", mounts.join(", "));
    if *scope == Scope::Document {
        text.push_str(
            "# Change the mounts to yours; leave out what your provider configuration has no block for, or let the data\n\
             # source appenv_permissions write this text for yours.\n",
        );
    }
    text.push_str(
        "# Looking itself up, renewing itself and seeing the mounts come with every token's policy `default`.\n",
    );
    if run == Run::Apply {
        text.push_str(
            "#\n# Whoever can write policies and roles can give himself what these can give: keep this token as you keep a \
             root one.\n",
        );
    }
    text
}

// === impl Writer ===

impl Writer<'_> {
    fn add(&mut self, path: impl Into<String>, words: Words, why: &'static str) {
        let capabilities = match self.run {
            Run::Plan => words.0,
            Run::Apply => words.1,
        };
        let path = path.into();
        if !capabilities.is_empty() && !self.stanzas.iter().any(|stanza| stanza.path == path) {
            self.stanzas.push(Stanza { path, capabilities: capabilities.to_vec(), why });
        }
    }

    /// The same at the path of each instance; of any instance, at the pattern.
    fn each(
        &mut self,
        before: &str,
        name: fn(&Names) -> &str,
        after: &str,
        words: Words,
        why: &'static str,
    ) {
        match self.scope {
            Scope::These(instances) => {
                for (_, names) in instances {
                    self.add(format!("{before}{}{after}", name(names)), words, why);
                }
            }
            Scope::Any { .. } | Scope::Document => self.add(format!("{before}*"), words, why),
        }
    }

    fn registry(&mut self) {
        let kv = &self.layout.kv_mount;
        // The stanza for notes on secrets of any instance covers these two as well.
        let covered = self.uses.secrets && matches!(self.scope, Scope::Any { .. });
        let with = |words: Words| if covered { (NOTHING, NOTHING) } else { words };
        self.add(
            format!("{kv}/data/appenv/_registry"),
            with(REGISTRY),
            "The registry: what is registered, whose it is, and the ids by which a target is known again.",
        );
        let all_are_read = self.reads_every_app();
        let of_apps = "What is registered of the app.";
        match self.scope {
            Scope::These(instances) => {
                let mut stems = BTreeSet::new();
                for (app, _) in instances {
                    self.add(format!("{kv}/data/appenv/_apps/{app}"), DOCUMENT, of_apps);
                    stems.extend(app.match_indices('-').map(|(end, _)| &app[..end]));
                }
                if all_are_read {
                    self.add(
                        format!("{kv}/data/appenv/_apps/*"),
                        (READ, READ),
                        "What is registered of other apps.",
                    );
                } else {
                    for stem in stems {
                        self.add(
                            format!("{kv}/data/appenv/_apps/{stem}"),
                            (READ, READ),
                            "Whether an app within whose name this one's lies reaches it by its ops policy.",
                        );
                    }
                }
            }
            Scope::Any { .. } | Scope::Document => {
                self.add(format!("{kv}/data/appenv/_apps/*"), DOCUMENT, of_apps);
            }
        }
        self.add(
            format!("{kv}/data/appenv/_floors"),
            with(DOCUMENT),
            "What production configurations may not loosen here, by owner.",
        );
        if all_are_read {
            self.add(
                format!("{kv}/metadata/appenv/_apps/"),
                (&["list"], &["list"]),
                "The names of the registered apps: for ops_scope = \"family\", for a kv_path of one's own, and to see \
                 whether an\nenv was ever in use.",
            );
        }
    }

    /// Whether the documents of all apps are asked for.
    fn reads_every_app(&self) -> bool {
        let own_path = match self.scope {
            Scope::Any { kv_paths } => kv_paths.iter().any(|path| path != "+/config"),
            Scope::These(instances) => instances
                .iter()
                .any(|(_, names)| names.kv_path != format!("{}/config", names.instance)),
            Scope::Document => true,
        };
        own_path
            || self.uses.renames
            || self.uses.promotion
            || self.uses.ops_scope == OpsScope::Family
    }

    fn objects(&mut self) {
        let (policies, why) = ("sys/policies/acl/", "Runtime and ops policies.");
        self.each(policies, |names| &names.runtime_policy, "", POLICY, why);
        match (self.scope, self.uses.ops_scope) {
            (Scope::These(_), OpsScope::Own) => {
                self.each(policies, |names| &names.own_ops_policy, "", POLICY, why);
            }
            (Scope::These(_), _) => self.each(policies, |names| &names.ops_policy, "", POLICY, why),
            _ => self.add(
                "sys/policies/acl/appenv-*",
                (NOTHING, &["deny"]),
                "Not its own: name the policies of the provider's tokens so.",
            ),
        }
        if let Some((mount, connection)) = &self.layout.database {
            let roles = format!("{mount}/roles/");
            self.each(&roles, |names| &names.vault_database_role, "", OBJECT, "Database roles.");
            self.add(
                format!("{mount}/config/{connection}"),
                (READ, READ),
                "The connection's login and allowed_roles; its password is never in the answer.",
            );
            self.leases(mount);
        }
        if let Some(mount) = &self.layout.kubernetes {
            let roles = format!("auth/{mount}/role/");
            self.each(&roles, |names| &names.kubernetes_role, "", OBJECT, "Kubernetes auth roles.");
        }
        if let Some(mount) = &self.layout.ci {
            let roles = format!("auth/{mount}/role/");
            self.each(&roles, |names| &names.ci_role, "", OBJECT, "CI roles.");
        }
    }

    fn leases(&mut self, mount: &str) {
        let role: fn(&Names) -> &str = |names| &names.vault_database_role;
        self.each(
            &format!("sys/leases/lookup/{mount}/creds/"),
            role,
            "/",
            (NOTHING, &["list", "sudo"]),
            "Whether leased logins are out when an instance is deleted. Without it they are not asked for.",
        );
        if self.uses.force_disconnect {
            self.each(
                &format!("sys/leases/revoke-prefix/{mount}/creds/"),
                role,
                "",
                (NOTHING, &["update", "sudo"]),
                "Revoking them: only for force_disconnect = true.",
            );
        }
        if self.uses.credentials {
            let why = "A login of an instance for the time of a run, and its end: only for the ephemeral resource\n\
                       appenv_database_credentials and for a probing appenv_preflight. Without them no credential \
                       can be\nleased with this token. Renewing a lease comes with policy `default`.";
            self.each(&format!("{mount}/creds/"), role, "", (READ, READ), why);
            let ends: Words = (&["update"], &["update"]);
            self.each(&format!("sys/leases/revoke/{mount}/creds/"), role, "/*", ends, why);
        }
    }

    fn secrets(&mut self) {
        let kv = self.layout.kv_mount.clone();
        let (notes, paths): (Vec<String>, BTreeSet<String>) = match self.scope {
            Scope::Any { kv_paths } => (vec!["+".to_owned()], kv_paths.clone()),
            Scope::Document => (vec!["+".to_owned()], ["+/config".to_owned()].into()),
            Scope::These(instances) => (
                instances.iter().map(|(_, names)| names.instance.clone()).collect(),
                instances.iter().map(|(_, names)| names.kv_path.clone()).collect(),
            ),
        };
        if self.uses.secrets {
            for note in notes {
                self.add(
                    format!("{kv}/data/appenv/{note}"),
                    DOCUMENT,
                    "Notes on secrets, beside the registry: versions, times, and digests by which values are known again. Keep \
                     them\nas closed as the secrets.",
                );
            }
            for path in &paths {
                self.add(
                    format!("{kv}/subkeys/{path}"),
                    (READ, READ),
                    "Names of an instance's secrets, without their values.",
                );
            }
        }
        let renames = self.uses.renames;
        if self.uses.secrets || renames {
            for path in &paths {
                self.add(
                    format!("{kv}/data/{path}"),
                    (NOTHING, DOCUMENT.1),
                    "An instance's document of secrets: for appenv_env_secret in store vault, and for renaming an instance whose \
                     path\nchanges.",
                );
            }
        }
        if renames {
            for path in &paths {
                self.add(
                    format!("{kv}/metadata/{path}"),
                    OBJECT,
                    "Its versions and its settings: only for renaming. To plan one it is read whether the new path is free.",
                );
            }
        }
    }
}
