// SPDX-License-Identifier: MPL-2.0
//! What `dotenv_encode` writes, read by the real readers: sh, Docker Compose, python-dotenv.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::{Cli, Workspace, provider};
use serde_json::{Value, json};

use crate::bad_input::REQUIRED;

/// Pieces that mean something to some reader.
const PIECES: [&str; 30] = [
    "a", "B2", " ", "'", "\"", "\\", "\\\\", "$", "$$", "{", "}", "`", "#", " #", "\n", "\t", "=",
    "!", "%", "\u{e9}", "~", "*", "\\n", "$(", ")", ";", "&&", "<", "\\'", "\\\"",
];

/// Every value of up to three pieces is too many: each pair, and each piece between two others.
fn values() -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut add = |value: String| {
        let key = format!("K{}", values.len());
        values.insert(key, value);
    };
    for one in PIECES {
        for other in PIECES {
            add(format!("{one}{other}"));
            add(format!("x{one}y{other}z"));
        }
    }
    values
}

/// Where pip put a package's file.
fn installed(file: &str) -> PathBuf {
    let found = provider::site_packages().map(|dir| dir.join(file)).find(|file| file.exists());
    found.unwrap_or_else(|| panic!("{file} is missing; `make tools` installs it"))
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {err}");
    assert_eq!(err, "", "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

pub fn by_sh(shell: &str, file: &Path) -> BTreeMap<String, String> {
    let script = format!("set -a; . {}; env -0", file.display());
    let printed = output(
        Command::new(shell)
            .args(["-c", &script])
            .env_clear()
            .env("PATH", acceptance::account::search_path())
            .env("LC_ALL", "C.UTF-8"),
    );
    let pairs = printed.split('\0').filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

pub fn by_compose(dir: &Path) -> BTreeMap<String, String> {
    std::fs::write(
        dir.join("compose.yml"),
        "services:\n  a:\n    image: x\n    env_file: [values.env]\n",
    )
    .unwrap();
    let printed = output(
        Command::new(installed("compose/docker-compose"))
            .args(["--file", "compose.yml", "config", "--format", "json"])
            .current_dir(dir)
            .env_clear()
            .env("HOME", dir)
            .env("PATH", acceptance::account::search_path()),
    );
    let read: Value = serde_json::from_str(&printed).unwrap();
    let environment = read["services"]["a"]["environment"].as_object().unwrap();
    // Printed so that it could be read again, a dollar sign is doubled.
    let value = |value: &Value| value.as_str().unwrap().replace("$$", "$");
    environment.iter().map(|(key, it)| (key.clone(), value(it))).collect()
}

pub fn by_python(file: &Path) -> BTreeMap<String, String> {
    let dotenv = installed("dotenv/__init__.py");
    let packages = dotenv.parent().and_then(Path::parent).unwrap();
    let script = "import dotenv, json, sys; print(json.dumps(dotenv.dotenv_values(sys.argv[1])))";
    let printed = output(
        Command::new("python3")
            .args(["-c", script, &file.display().to_string()])
            .env("PYTHONPATH", packages)
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    );
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn what_is_written_every_reader_reads_alike() {
    let all = values();
    let ws = Workspace::new(Cli::any()).without_trace();
    // JSON is an expression of the configuration language, but for what begins a template.
    let quoted = json!(all).to_string().replace("${", "$${").replace("%{", "%%{");
    ws.write(
        "main.tf",
        &format!(
            "{REQUIRED}\nlocals {{\n  all  = {quoted}\n  good = {{ for k, v in local.all : k => v if \
             can(provider::appenv::dotenv_encode({{ (k) = v }})) }}\n}}\noutput \"file\" {{\n  value = \
             provider::appenv::dotenv_encode(local.good)\n}}\noutput \"back\" {{\n  value = \
             provider::appenv::dotenv_decode(provider::appenv::dotenv_encode(local.good)) == \
             tomap(local.good)\n}}\n"
        ),
    );
    ws.apply();
    let state = ws.state();
    assert_eq!(state.output("back"), &json!(true));
    let text = state.output("file").as_str().unwrap();
    let file = ws.dir().join("values.env");
    std::fs::write(&file, text).unwrap();

    let read = by_python(&file);
    assert!(read.len() * 10 > all.len() * 7, "{} of {} can be written", read.len(), all.len());
    let as_they_were = |reader: &str, read: &BTreeMap<String, String>| {
        for (key, value) in read.iter().filter(|(key, _)| all.contains_key(*key)) {
            assert_eq!(value, &all[key], "{reader}: {key}");
        }
    };
    as_they_were("python-dotenv", &read);
    let compose = by_compose(&ws.dir());
    as_they_were("Docker Compose", &compose);
    assert_eq!(compose.len(), read.len());
    for shell in ["sh", "bash"] {
        let sh = by_sh(shell, &file);
        as_they_were(shell, &sh);
        assert_eq!(sh.keys().filter(|key| all.contains_key(*key)).count(), read.len());
    }
}

#[test]
fn what_cannot_be_written_is_refused_without_showing_it() {
    for (value, told) in [
        ("{ A = \"hunter2 it's $5\" }", "both a single quote and a dollar sign"),
        ("{ A = \"hunter2$${x}\" }", "python-dotenv replaces"),
        ("{ A = \"hunter2\\r\" }", "control character (U+000D)"),
        ("{ PATH = \"hunter2\" }", "never a secret"),
        ("{ lower = \"hunter2\" }", "capital ASCII letters"),
        ("{ A = null }", "is null"),
    ] {
        let ws = Workspace::new(Cli::any()).without_trace();
        ws.write(
            "main.tf",
            &format!("{REQUIRED}\nvariable \"v\" {{\n  type = map(string)\n  default = {value}\n}}\noutput \"o\" {{\n  value = provider::appenv::dotenv_encode(var.v)\n}}\n"),
        );
        let refused = ws.plan_fails();
        let said = refused.error().detail.replace('\n', " ");
        assert!(said.contains(told), "{told}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
