// SPDX-License-Identifier: MPL-2.0
//! No false alarm: whatever is configured, a configuration that was applied changes nothing however it is written, and a
//! change keeps its digest wherever and however it is written.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use acceptance::Diagnostics;
use acceptance::servers::Servers;

use super::named;
use crate::host::make;
use crate::site::Site;

/// Configurations in all.
const INSTANCES: usize = 200;
/// Those that have a database and Vault roles; the others have directories.
const ON_SERVERS: usize = 40;

/// A fixed row of numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }
}

/// How everything is written this time.
#[derive(Clone, Copy, Debug, Default)]
struct Spelling {
    /// Blocks and arguments in another order.
    reordered: Option<u64>,
    /// What says nothing of the instance: comments, time limits, how a create treats what is there.
    chatty: bool,
    /// At other addresses, in a module.
    moved: bool,
    /// With other connection limits and links.
    changed: bool,
}

/// One instance: arguments and blocks, each a text of its own, in any order.
struct Instance {
    app: String,
    lines: Vec<String>,
    secret: Option<String>,
}

fn list(items: &[&str]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

fn instances(spelling: Spelling) -> Vec<Instance> {
    let mut numbers = Numbers(7);
    (0..INSTANCES).map(|index| instance(index, &mut numbers, spelling)).collect()
}

fn instance(index: usize, numbers: &mut Numbers, spelling: Spelling) -> Instance {
    let app = format!("app{index}");
    let on_servers = index < ON_SERVERS;
    let mut lines = Vec::new();
    let mut add = |is: bool, text: String| lines.extend(is.then_some(text));
    let mut pick = |items: &[&str]| {
        let mut picked: Vec<&str> = items.iter().copied().filter(|_| numbers.coin()).collect();
        if spelling.reordered.is_some() {
            picked.reverse();
        }
        list(&picked)
    };
    let services = pick(&["api", "worker", "web"]);
    let accounts = pick(&["deploy", "runner"]);
    let namespaces = pick(&["blue", "green"]);
    let extensions = pick(&["citext", "hstore"]);
    let files = if spelling.changed { list(&["", "jobs"]) } else { list(&["", "users"]) };
    let odd = |numbers: &mut Numbers| numbers.below(5) == 0;
    add(numbers.coin(), format!("services = {services}"));
    add(numbers.coin(), format!("release = \"{}.0\"", numbers.below(9)));
    add(odd(numbers), "on_destroy = \"retain\"".to_owned());
    add(odd(numbers), "deletion_protection = false".to_owned());
    add(odd(numbers), "rename = \"copy\"\n  keep_old = \"3d\"".to_owned());
    add(odd(numbers), "force_disconnect = true".to_owned());
    let limit = 5 + numbers.below(50) + usize::from(spelling.changed) * 100;
    let encoding = odd(numbers);
    let encoding =
        if encoding { "    encoding = \"UTF8\"\n    template = \"template0\"\n" } else { "" };
    add(
        on_servers,
        format!(
            "database {{\n    connection_limit = {limit}\n    extensions = {extensions}\n{encoding}  }}"
        ),
    );
    let scope = ["instances", "own"][numbers.below(2)];
    add(
        on_servers && numbers.coin(),
        format!(
            "vault {{\n    default_ttl = \"30m\"\n    max_ttl = \"{}h\"\n    ops_scope = \"{scope}\"\n  }}",
            limit + 1
        ),
    );
    let named = odd(numbers);
    add(
        on_servers && numbers.coin(),
        format!(
            "kubernetes {{\n    service_accounts = {}\n    namespaces = {}\n  }}",
            filled(&accounts),
            filled(&namespaces)
        ),
    );
    add(!on_servers, format!("env_files = {files}"));
    add(
        named,
        format!(
            "names {{\n    dns_host = \"{app}.example.org\"\n    namespace = \"ns-{app}\"\n  }}"
        ),
    );
    add(spelling.chatty, "adopt = \"verify\"".to_owned());
    add(spelling.chatty, "timeouts {\n    create = \"9m\"\n    read   = \"8m\"\n  }".to_owned());
    add(spelling.chatty, "# What follows is the same.".to_owned());
    let store = if on_servers { "vault" } else { "file" };
    let secret = odd(numbers).then(|| {
        let times = "rotation {\n    every = \"90d\"\n    grace = \"7d\"\n  }\n  generate {\n    length = 40\n  }";
        format!("env = \"prod\"\n  key = \"KEY\"\n  store = \"{store}\"\n  {times}")
    });
    Instance { app, lines, secret }
}

/// An empty list of accounts binds nobody, which is refused.
fn filled(list: &str) -> String {
    if list == "[]" { "[\"default\"]".to_owned() } else { list.to_owned() }
}

/// The module that holds everything, or the root.
fn blocks(spelling: Spelling) -> String {
    let mut order = Numbers(spelling.reordered.unwrap_or_default());
    let label = if spelling.moved { "there" } else { "here" };
    let mut blocks = Vec::new();
    for (index, mut instance) in instances(spelling).into_iter().enumerate() {
        let provider = if index < ON_SERVERS { "appenv.servers" } else { "appenv.host" };
        let mut lines = vec![format!("app = \"{}\"", instance.app), "env = \"prod\"".to_owned()];
        lines.append(&mut instance.lines);
        if spelling.reordered.is_some() {
            order.shuffle(&mut lines);
        }
        let body = lines.join("\n  ");
        blocks.push(format!(
            "resource \"appenv_app_instance\" \"{label}{index}\" {{\n  provider = {provider}\n  {body}\n}}\n"
        ));
        if let Some(secret) = instance.secret {
            blocks.push(format!(
                "resource \"appenv_env_secret\" \"{label}{index}\" {{\n  provider = {provider}\n  app = \
                 appenv_app_instance.{label}{index}.app\n  {secret}\n}}\n"
            ));
        }
    }
    if spelling.reordered.is_some() {
        order.shuffle(&mut blocks);
    }
    blocks.concat()
}

/// Where each resource was before it went into the module.
fn moves() -> String {
    let mut text = String::new();
    for (index, instance) in instances(Spelling::default()).iter().enumerate() {
        let secret = instance.secret.as_ref().map(|_| "appenv_env_secret");
        for kind in ["appenv_app_instance"].into_iter().chain(secret) {
            writeln!(
                text,
                "moved {{\n  from = {kind}.here{index}\n  to   = module.all.{kind}.there{index}\n}}"
            )
            .unwrap();
        }
    }
    text
}

fn write(site: &Site, spelling: Spelling) {
    let root = site.ws.root().join("srv");
    make(&root, 0o755);
    let gates = super::CREATES.lines();
    let required = "terraform {\n  required_providers {\n    appenv = {\n      source = \"arcodange/appenv\"\n";
    let head = |more: &str| format!("{required}{more}    }}\n  }}\n}}\n");
    let host = format!("  host {{\n    root = \"{}\"\n  }}\n", root.display());
    let owner = &site.owner;
    let providers = format!(
        "provider \"appenv\" {{\n  alias = \"servers\"\n  owner = \"{owner}\"\n{gates}  postgres {{}}\n  vault {{\n    kubernetes \
         {{\n      mount = \"kubernetes\"\n    }}\n  }}\n}}\nprovider \"appenv\" {{\n  alias = \"host\"\n  owner = \
         \"{owner}\"\n{gates}{host}}}\n"
    );
    let all = blocks(spelling);
    if spelling.moved {
        let aliases = "      configuration_aliases = [appenv.servers, appenv.host]\n";
        site.ws.write("all/main.tf", &format!("{}{all}", head(aliases)));
        let module = "module \"all\" {\n  source = \"./all\"\n  providers = {\n    appenv.servers = appenv.servers\n    \
                      appenv.host    = appenv.host\n  }\n}\n";
        site.ws.write("main.tf", &format!("{}{providers}{module}{}", head(""), moves()));
        site.ws.init(&[]);
    } else {
        site.ws.write("main.tf", &format!("{}{providers}{all}", head("")));
    }
}

/// The digest of every change, by what it is of.
fn digests(told: &Diagnostics) -> BTreeMap<String, String> {
    told.errors()
        .map(|error| {
            let subject = error.summary.split(' ').next().unwrap().to_owned();
            let digest = named(&error.summary, &subject, "update");
            (subject, digest.unwrap_or_else(|| panic!("an error that is no refusal:\n{error}")))
        })
        .collect()
}

#[test]
fn however_it_is_written_nothing_changes_and_a_change_keeps_its_digest() {
    let servers = Arc::new(Servers::start());
    let mut site = Site::on(&servers).owned_by("team/all");
    site.ws = site.ws.with_deadline(std::time::Duration::from_secs(300));
    let plain = Spelling::default();
    write(&site, plain);
    site.ws.apply();
    let spellings = [
        plain,
        Spelling { reordered: Some(1), ..plain },
        Spelling { chatty: true, ..plain },
        Spelling { reordered: Some(2), chatty: true, ..plain },
    ];
    for spelling in spellings {
        write(&site, spelling);
        let run = site.ws.run(&["plan", "-json"]);
        assert_eq!(run.code, Some(0), "{spelling:?}: {run}");
        let told = run.diagnostics();
        assert!(!told.say("a1-"), "a digest without a change, {spelling:?}: {told}");
    }
    let formatted = site.ws.run(&["fmt"]);
    assert_eq!(formatted.code, Some(0), "{formatted}");
    let run = site.ws.run(&["plan", "-json", "-refresh=false"]);
    assert_eq!(run.code, Some(0), "{run}");

    // A change of each: the same digest however it is written.
    let changed = Spelling { changed: true, ..plain };
    write(&site, changed);
    let first = digests(&site.ws.plan_fails());
    assert_eq!(first.len(), INSTANCES);
    let again = [
        Spelling { reordered: Some(3), ..changed },
        Spelling { reordered: Some(4), chatty: true, ..changed },
    ];
    for spelling in again {
        write(&site, spelling);
        assert_eq!(digests(&site.ws.plan_fails()), first, "{spelling:?}");
    }
    write(&site, Spelling { moved: true, ..changed });
    assert_eq!(digests(&site.ws.plan_fails()), first, "moved");
    // And moved without a change, nothing.
    write(&site, Spelling { moved: true, reordered: Some(5), chatty: true, ..plain });
    let run = site.ws.run(&["plan", "-json"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(!run.diagnostics().say("a1-"), "{run}");
}
