//! Follows a guide: writes its files, runs its commands, compares what they print with what it shows.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use acceptance::servers::Servers;
use acceptance::servers::{openbao, postgres};
use acceptance::{Cli, Run, Workspace, account, provider};

use super::document::{Block, Document, Note, Part};
use super::expected::is_shown_by;

/// What every guide supposes where it says nothing else.
const VERSIONS: &str = r#"terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}
"#;

/// The long options in a text, `--help` apart.
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '-');
    let options =
        words.filter(|word| word.len() > 2 && word.starts_with("--") && *word != "--help");
    options.map(str::to_owned).collect()
}

/// A guide, and how far it was followed.
pub struct Walk {
    pub ws: Workspace,
    guide: Document,
    /// The part that comes next.
    next: usize,
    /// Where in the guide it is.
    heading: String,
    /// What the last command said.
    said: Option<Run>,
    env: Vec<(String, String)>,
}

// === impl Walk ===

impl Walk {
    /// On a machine with the CLI, the provider's binary and an empty directory. Guides write `terraform` and mean the
    /// CLI that is at hand.
    pub fn of(name: &str) -> Self {
        let ws = Workspace::new(Cli::any()).without_trace();
        let bin = ws.root().join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        for (name, program) in [
            ("terraform", ws.cli().program.clone()),
            ("tofu", ws.cli().program.clone()),
            (provider::PROGRAM, provider::binary().to_owned()),
            ("bao", openbao::program()),
            ("psql", postgres::Install::newest().psql()),
        ] {
            symlink(program, bin.join(name)).unwrap();
        }
        let path = format!("{}:{}", bin.display(), account::search_path().to_str().unwrap());
        let env =
            vec![("PATH".to_owned(), path), ("TF_CLI_ARGS".to_owned(), "-no-color".to_owned())];
        ws.write("versions.tf", VERSIONS);
        let walk = Self {
            ws,
            guide: Document::of(name),
            next: 0,
            heading: String::new(),
            said: None,
            env,
        };
        walk.is_formatted();
        walk
    }

    /// Where both servers are reached by the environment, with the rights to apply.
    #[must_use]
    pub fn on(self, servers: &Servers) -> Self {
        self.with_env(servers.env())
    }

    #[must_use]
    pub fn with_env(mut self, env: impl IntoIterator<Item = (String, String)>) -> Self {
        self.env.extend(env);
        self
    }

    pub fn set_env(&mut self, key: &str, value: &str) -> &mut Self {
        self.env.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Has `init` find these versions, each the provider that is tested.
    pub fn has_versions(&mut self, versions: &[&str]) {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        let os = if os == "macos" { "darwin" } else { os };
        let arch = if arch == "aarch64" { "arm64" } else { "amd64" };
        let mirror = self.ws.root().join("versions");
        for version in versions {
            let at =
                format!("{}/{}/{version}/{os}_{arch}", self.ws.cli().registry(), provider::SOURCE);
            let dir = mirror.join(at);
            std::fs::create_dir_all(&dir).unwrap();
            let program = dir.join(format!("{}_v{version}", provider::PROGRAM));
            symlink(provider::binary(), program).unwrap();
        }
        let config = self.ws.root().join("versions.tfrc");
        let text = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
            mirror.display()
        );
        std::fs::write(&config, text).unwrap();
        self.set_env("TF_CLI_CONFIG_FILE", config.to_str().unwrap());
    }

    /// The home directory of whoever follows.
    pub fn home(&self) -> PathBuf {
        self.ws.root().join("home")
    }

    /// Runs a command that the guide does not show, as its reader would; it must end well.
    pub fn does(&self, script: &str) -> Run {
        let run = self.ws.run_script(script, &self.env);
        assert_eq!(run.code, Some(0), "{run}");
        run
    }

    /// Follows it up to a heading.
    pub fn until(&mut self, heading: &str) -> &mut Self {
        self.follow_until(heading, |part| matches!(part, Part::Heading(text) if text == heading));
        self
    }

    fn follow_until(&mut self, what: &str, is_there: impl Fn(&Part) -> bool) {
        while let Some(part) = self.guide.parts.get(self.next) {
            if is_there(part) {
                return;
            }
            self.pass();
        }
        panic!("{} has no {what:?} from here on", self.guide.name);
    }

    fn pass(&mut self) {
        match &self.guide.parts[self.next] {
            Part::Heading(text) => self.heading.clone_from(text),
            Part::Block(block) => self.follow(&block.clone()),
        }
        self.next += 1;
    }

    /// Follows it up to the next block that is not run, which the test does instead.
    pub fn until_not_run(&mut self) -> &mut Self {
        self.follow_until("a block that is not run", |part| {
            matches!(part, Part::Block(Block { note: Some(Note::NotRun(_)), .. }))
        });
        self.next += 1;
        self
    }

    /// Follows it to the end.
    pub fn follow_to_the_end(&mut self) -> &mut Self {
        while self.next < self.guide.parts.len() {
            self.pass();
        }
        self
    }

    fn follow(&mut self, block: &Block) {
        if let Some(Note::NotRun(_)) = block.note {
            return;
        }
        if let Some(file) = block.file() {
            self.ws.write(file, &block.text);
        } else if block.is_shell() {
            let run = self.ws.run_script(&block.text, &self.env);
            let code = if let Some(Note::Exit(code)) = block.note { code } else { 0 };
            assert_eq!(
                run.code,
                Some(code),
                "{}:\n{}\n{run}{}",
                self.place(),
                block.text,
                run.text()
            );
            self.said = Some(run);
        } else if let Some(Note::OutputOf(command)) = &block.note {
            let run = self.ws.run_script(command, &self.env);
            self.shows(block, &run);
        } else if let Some(Note::UsageOf(commands)) = &block.note {
            let helps = commands
                .split(';')
                .map(|command| self.ws.run_script(&format!("{command} --help"), &self.env).stdout);
            let offered = options(&helps.collect::<String>());
            assert_eq!(options(&block.text), offered, "{}: {commands}", self.place());
        } else if block.language == "text" || block.language == "markdown" {
            let said = self.said.clone();
            let said =
                said.unwrap_or_else(|| panic!("{}: output of what?\n{}", self.place(), block.text));
            self.shows(block, &said);
        } else {
            panic!("{}: what is this?\n{block:?}", self.place());
        }
    }

    fn shows(&self, block: &Block, run: &Run) {
        let output = run.text();
        assert!(
            is_shown_by(&block.text, &output),
            "{} shows:\n{}\nbut it is:\n{output}",
            self.place(),
            block.text
        );
    }

    fn place(&self) -> String {
        format!("{}, {:?}", self.guide.name, self.heading)
    }

    /// Fails the test where a block of HCL is not as `fmt` writes it.
    fn is_formatted(&self) {
        let dir = self.ws.root().join("fmt");
        std::fs::create_dir_all(&dir).unwrap();
        let hcl = self.guide.blocks().filter(|block| block.is_hcl());
        for (number, block) in hcl.enumerate() {
            std::fs::write(dir.join(format!("{number}.tf")), &block.text).unwrap();
        }
        let dir = dir.display();
        let run = self.ws.run_script(&format!("terraform fmt -check -diff '{dir}'"), &self.env);
        assert_eq!(run.code, Some(0), "{} is not formatted: {}", self.guide.name, run.text());
    }
}
