// SPDX-License-Identifier: MPL-2.0
//! Follows a guide: writes its files, runs its commands, compares what they print with what it shows.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use acceptance::servers::Servers;
use acceptance::servers::{openbao, postgres};
use acceptance::{Cli, Run, Workspace, account, provider};

use super::document::{Block, Document, Note, Part};
use super::expected::{Extent, is_shown_by};
use super::terminal::Terminal;

/// What every guide supposes where it says nothing else.
const VERSIONS: &str = r#"terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}
"#;

/// A digest as guides write it, and how long one is.
const SHORTENED: &str = "a1-…";
const DIGEST: usize = 55;

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
    /// What the last block said, and how much of that is shown.
    said: Option<(Run, Extent)>,
    terminal: Terminal,
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
        let mut terminal = Terminal::default();
        terminal.set("PATH", &path);
        terminal.set("TF_CLI_ARGS", "-no-color");
        ws.write("versions.tf", VERSIONS);
        let walk = Self {
            ws,
            guide: Document::of(name),
            next: 0,
            heading: String::new(),
            said: None,
            terminal,
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
        for (key, value) in env {
            self.terminal.set(&key, &value);
        }
        self
    }

    pub fn set_env(&mut self, key: &str, value: &str) -> &mut Self {
        self.terminal.set(key, value);
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
        self.ends_with(0, script)
    }

    /// The same for one that ends with a code of its own.
    pub fn ends_with(&self, code: i32, script: &str) -> Run {
        let run = self.terminal.run(&self.ws, script);
        assert_eq!(run.code, Some(code), "{run}{}", run.text());
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

    /// Fails the test where something of it was not followed.
    pub fn is_at_the_end(&self) {
        let left = &self.guide.parts[self.next..];
        assert!(left.is_empty(), "{}: nobody followed {left:#?}", self.guide.name);
    }

    /// Where nothing of it can be followed, which the run says.
    #[must_use]
    pub fn left_out(mut self) -> Self {
        self.next = self.guide.parts.len();
        self
    }

    fn follow(&mut self, block: &Block) {
        if let Some(Note::NotRun(_)) = block.note {
            return;
        }
        if let Some(file) = block.file() {
            self.ws.write(file, &block.text);
        } else if block.is_shell() {
            let lines = self.with_digest(&block.text);
            let run = self.terminal.follow(&self.ws, &lines);
            let code = if let Some(Note::Exit(code)) = block.note { code } else { 0 };
            assert_eq!(
                run.code,
                Some(code),
                "{}:\n{}\n{run}{}",
                self.place(),
                block.text,
                run.text()
            );
            self.said = Some((run, Extent::of(&lines)));
        } else if let Some(Note::UsageOf(commands)) = &block.note {
            let helps = commands
                .split(';')
                .map(|command| self.terminal.run(&self.ws, &format!("{command} --help")).stdout);
            let offered = options(&helps.collect::<String>());
            assert_eq!(options(&block.text), offered, "{}: {commands}", self.place());
        } else if block.language == "text" || block.language == "markdown" {
            let said = self.said.clone();
            let (said, extent) =
                said.unwrap_or_else(|| panic!("{}: output of what?\n{}", self.place(), block.text));
            self.shows(block, &said, extent);
        } else {
            panic!("{}: what is this?\n{block:?}", self.place());
        }
    }

    /// The lines with the digest in the place of `a1-…`, as a reader takes it from what was shown last.
    fn with_digest(&self, lines: &str) -> String {
        if !lines.contains(SHORTENED) {
            return lines.to_owned();
        }
        let shown = self.said.as_ref().map(|(run, _)| run.text()).unwrap_or_default();
        let is_in_it = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let digests: BTreeSet<&str> = shown
            .split(|c| !is_in_it(c))
            .filter(|word| word.starts_with("a1-") && word.len() == DIGEST)
            .collect();
        let [digest] = Vec::from_iter(digests)[..] else {
            panic!("{}: which digest?\n{shown}", self.place());
        };
        lines.replace(SHORTENED, digest)
    }

    fn shows(&self, block: &Block, run: &Run, extent: Extent) {
        let output = run.text();
        assert!(
            is_shown_by(&block.text, &output, extent),
            "{} shows ({extent:?}):\n{}\nbut it is:\n{output}",
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
        let run = self.terminal.run(&self.ws, &format!("terraform fmt -check -diff '{dir}'"));
        assert_eq!(run.code, Some(0), "{} is not formatted: {}", self.guide.name, run.text());
    }
}
