// SPDX-License-Identifier: MPL-2.0
//! The command `check` with the real binary: the preflight of an instance without a state.
//!
//! What it finds is what the data source finds; what servers are like is known from what this test did to them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use acceptance::scratch::Scratch;
use acceptance::servers::{Redis, Servers};
use acceptance::{Canaries, Sinks, provider, random};
use serde_json::{Value, json};

use crate::preflight::{self, Found};
use crate::rig::{self, Hcl, OWNER};

/// A directory with a configuration, and what is in the environment.
struct Terminal {
    scratch: Scratch,
    env: Vec<(String, String)>,
}

impl Terminal {
    fn new(env: Vec<(String, String)>) -> Self {
        let scratch = Scratch::new("check");
        scratch.dir("main");
        Self { scratch, env }
    }

    fn dir(&self) -> PathBuf {
        self.scratch.join("main")
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir().join(name), text).unwrap();
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.dir()).env_clear();
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        command
    }

    /// Exit code, standard output and standard error. Each is kept, for the scan.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let ran = self.command(provider::binary()).arg("check").args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let answer = (ran.status.code().unwrap(), text(ran.stdout), text(ran.stderr));
        let file = self.scratch.dir("said").join(random::password());
        std::fs::write(file, format!("{}{}", answer.1, answer.2)).unwrap();
        answer
    }

    /// What it prints as JSON, with the exit code.
    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let (code, out, err) = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(err, "", "{out}");
        (code, serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}")))
    }

    /// What it refuses, with what standard error must say.
    fn refuses(&self, arguments: &[&str], says: &str) {
        let (code, out, err) = self.run(arguments);
        assert_eq!((code, &*out), (1, ""), "{arguments:?}: {err}");
        assert!(err.starts_with("error: ") && err.contains(says), "{says:?} in {err}");
    }
}

/// Redis and a dotenv file, as the file of the command has them.
fn config(redis: &Redis) -> Value {
    json!({ "preflight": [{
        "app": "erp",
        "env": "sandbox",
        "timeout": "5s",
        "redis": [{ "host": "127.0.0.1", "port": redis.port(), "password_env": "REDIS_PASSWORD" }],
        "dotenv": [{ "path": ".env" }],
    }] })
}

#[test]
fn a_table_for_people_json_for_machines_and_an_exit_code() {
    let redis = Redis::start();
    let (password, value) = (random::canary(), random::canary());
    redis.does(None, &["CONFIG", "SET", "requirepass", &password]);
    let terminal = Terminal::new(vec![("REDIS_PASSWORD".to_owned(), password.clone())]);
    terminal.write("check.json", &config(&redis).to_string());
    terminal.write(".env", &format!("TOKEN={value}\n"));
    let mode = |mode: &str| {
        let ran = terminal.command(Path::new("/bin/chmod")).args([mode, ".env"]).status().unwrap();
        assert!(ran.success());
    };
    let asked = ["--config", "check.json"];

    mode("0600");
    let (code, out, err) = terminal.run(&asked);
    assert_eq!((code, &*err), (0, ""), "{out}");
    assert!(out.starts_with("erp-sandbox: "), "{out}");
    assert!(out.contains("\nSTATUS  CHECK "), "{out}");
    // Every line begins with a status or stands below one.
    for line in out.lines().skip(2) {
        let first = line.split(' ').next().unwrap();
        assert!(["STATUS", "ok", "skip", ""].contains(&first), "{line:?} in {out}");
    }
    let (code, told) = terminal.json(&asked);
    assert_eq!((code, &told["ok"]), (0, &json!(true)));

    mode("0644");
    let (code, out, err) = terminal.run(&asked);
    assert_eq!((code, &*err), (2, ""), "{out}");
    assert!(out.starts_with("erp-sandbox: 1 failed, "), "{out}");
    assert!(out.contains("\nfail    dotenv_mode "), "{out}");
    assert!(out.contains(" Fix: Run `chmod 0600 .env`.\n"), "{out}");
    let (code, told) = terminal.json(&asked);
    assert_eq!((code, &told["ok"]), (2, &json!(false)));
    let one = &told["preflight"][0];
    assert_eq!((&one["app"], &one["env"]), (&json!("erp"), &json!("sandbox")));
    let wrong = one["findings"].as_array().unwrap().iter().find(|one| one["status"] == "fail");
    assert_eq!(wrong.unwrap()["check"], "dotenv_mode");

    // As it says.
    mode("0600");
    assert_eq!(terminal.run(&asked).0, 0);
    // A warning is no failure.
    let mut warns = config(&redis);
    let web = acceptance::servers::Web::start();
    web.answers(acceptance::servers::web::Manner {
        delay: std::time::Duration::from_millis(100),
        ..Default::default()
    });
    warns["preflight"][0]["http"] = json!([{
        "name": "erp", "url": format!("http://{}/", web.address()), "max_latency_ms": 10,
    }]);
    terminal.write("warns.json", &warns.to_string());
    let (code, out, _) = terminal.run(&["--config", "warns.json"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("\nwarn    http "), "{out}");

    let mut canaries = Canaries::new();
    canaries.register("the password of Redis", &password).register("a value", &value);
    std::fs::remove_file(terminal.dir().join(".env")).unwrap();
    canaries.are_nowhere(&Sinks::default().with_path(terminal.scratch.path()));
}

#[test]
fn colours_are_on_a_terminal_and_nowhere_else() {
    let redis = Redis::start();
    let mut terminal = Terminal::new(Vec::new());
    terminal.write("check.json", &config(&redis).to_string());
    let colour = '\u{1b}';
    assert!(!terminal.run(&["--config", "check.json"]).1.contains(colour));
    // `script` of util-linux runs it on a terminal of its own.
    let on_terminal = |terminal: &Terminal| {
        let line = format!("{} check --config check.json", provider::binary().display());
        let mut script = terminal.command(Path::new("/usr/bin/script"));
        let ran = script.args(["-qec", &line, "/dev/null"]).output().unwrap();
        assert_eq!(ran.status.code(), Some(2), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let coloured = on_terminal(&terminal);
    assert!(coloured.contains("\u{1b}[1;31mfail"), "{coloured}");
    terminal.env.push(("NO_COLOR".to_owned(), "1".to_owned()));
    let plain = on_terminal(&terminal);
    assert!(plain.contains("fail    redis") && !plain.contains(colour), "{plain}");
}

#[test]
fn it_finds_what_the_data_source_finds() {
    let servers = Servers::start();
    let ws = rig::workspace(&servers);
    Hcl::new().instance("erp", "sandbox", "").write(&ws);
    ws.step();
    let asking = rig::workspace(&servers);
    preflight::asks("").write(&asking);
    let terminal = Terminal::new(servers.env());
    let config = json!({
        "provider": {
            "organization": "org",
            "domain": "example.org",
            "owner": OWNER,
            "gates": { "production": "open" },
            "environment": [{ "name": "prod", "production": true }, { "name": "sandbox" }],
            "postgres": {},
            "vault": { "kubernetes": { "mount": "kubernetes" }, "ci": { "mount": "gitea_jwt" } },
        },
    });
    terminal.write("check.json", &config.to_string());
    let asked = ["erp", "sandbox", "--config", "check.json"];
    let same = |ok: bool| {
        let found = Found::by(&asking);
        let (code, told) = terminal.json(&asked);
        assert_eq!(told["preflight"][0]["findings"], json!(found.findings));
        assert_eq!(
            (found.ok, &told["ok"], code),
            (ok, &json!(ok), if ok { 0 } else { 2 }),
            "{told:#}"
        );
    };
    same(true);
    servers.pg.sql("GRANT CONNECT ON DATABASE \"erp-sandbox\" TO PUBLIC");
    same(false);
    // Environments side by side.
    let limited = "database {\n  connection_limit = 7\n}";
    Hcl::new().instance("erp", "sandbox", "").instance("erp", "prod", limited).write(&ws);
    ws.step();
    let mut config = config;
    config["parity"] = json!([{ "app": "erp" }]);
    terminal.write("check.json", &config.to_string());
    let (code, told) = terminal.json(&["erp", "--config", "check.json"]);
    assert_eq!((code, &told["ok"], &told["preflight"]), (2, &json!(false), &json!([])), "{told:#}");
    let rows = told["parity"][0]["matrix"].as_array().unwrap();
    let row = rows.iter().find(|row| row["name"] == "connection_limit").unwrap();
    assert_eq!(row["values"], json!({ "prod": "7", "sandbox": "-1" }));
    let (_, out, _) = terminal.run(&["erp", "--config", "check.json"]);
    assert!(out.starts_with("parity of erp: ") && out.contains("connection_limit"), "{out}");
    config["parity"][0]["allowed_differences"] =
        json!([{ "kind": "option", "name": "connection_limit", "reason": "sizes differ" }]);
    terminal.write("check.json", &config.to_string());
    let (code, told) = terminal.json(&["erp", "--config", "check.json"]);
    assert_eq!((code, &told["parity"][0]["ok"]), (0, &json!(true)), "{told:#}");
    let mut canaries = Canaries::new();
    canaries.register_servers(&servers);
    canaries.are_nowhere(&Sinks::default().with_path(terminal.scratch.path()));
}

#[test]
fn an_interrupted_probe_gives_its_lease_back() {
    let servers = Servers::start();
    let ws = rig::workspace(&servers);
    Hcl::new().instance("erp", "sandbox", "").write(&ws);
    ws.step();
    let slow = "SELECT pg_sleep(3)";
    preflight::probe::statements(&servers, |all| all.push(json!(slow)));
    let terminal = Terminal::new(servers.env());
    let config = json!({
        "provider": { "owner": OWNER, "gates": { "production": "open" }, "postgres": {}, "vault": {} },
        "preflight": [{ "app": "erp", "env": "sandbox", "probe": true }],
    });
    terminal.write("check.json", &config.to_string());
    let mut command = terminal.command(provider::binary());
    command.args(["check", "--config", "check.json"]);
    let check = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // While the lease is on its way.
    let asked = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE query = '{slow}' AND state = 'active'"
    );
    let deadline = Instant::now() + Duration::from_secs(30);
    while servers.pg.sql(&asked).one() == "0" {
        assert!(Instant::now() < deadline, "no lease was asked for");
        std::thread::sleep(Duration::from_millis(20));
    }
    let sent = Command::new("/bin/kill").args(["-INT", &check.id().to_string()]).status();
    assert!(sent.unwrap().success());
    let ended = check.wait_with_output().unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), &*ended.stdout), (Some(1), &b""[..]), "{err}");
    assert!(err.starts_with("error: stopped"), "{err}");
    preflight::probe::is_clean(&servers);
}

#[test]
fn what_it_cannot_check_it_says_in_words() {
    let terminal = Terminal::new(Vec::new());
    let secret = random::canary();
    for (name, text, says) in [
        ("broken.json", format!("{{\"provider\": {secret}"), "broken at line 1"),
        ("list.json", "[]".to_owned(), "no JSON object"),
        ("key.json", json!({ "preflights": [] }).to_string(), "no key \"preflights\""),
        ("none.json", json!({ "preflight": [] }).to_string(), "asks for no preflight"),
        (
            "attribute.json",
            json!({ "preflight": [{ "app": "erp", "redsi": [secret.clone()] }] }).to_string(),
            "`preflight[0].redsi` is not in the schema",
        ),
        (
            "provider.json",
            json!({ "provider": { "convention": "x" }, "preflight": [{ "app": "erp" }] })
                .to_string(),
            "convention",
        ),
        (
            "port.json",
            json!({ "preflight": [{ "app": "erp", "redis": [{ "host": "r", "port": 0 }] }] })
                .to_string(),
            "at redis[0].port",
        ),
        ("env.json", json!({ "preflight": [{ "app": "erp", "env": "qa" }] }).to_string(), "qa"),
    ] {
        terminal.write(name, &text);
        terminal.refuses(&["--config", name], says);
        terminal.write(name, "");
    }
    terminal.refuses(&["--config", "absent.json"], "cannot be read");
    // 2 is an answer, so wrong usage is 1.
    terminal.refuses(&[], "Usage:");
    // Without a file there are names, and nothing else to ask.
    let (code, told) = terminal.json(&["erp", "sandbox"]);
    assert_eq!((code, &told["preflight"][0]["instance"]), (0, &json!("erp-sandbox")), "{told:#}");
    let (code, out, _) = terminal.run(&["--help"]);
    assert!(code == 0 && out.contains("Exit code: 0 nothing failed"), "{out}");
    Canaries::new()
        .register("a secret", &secret)
        .are_nowhere(&Sinks::default().with_path(terminal.scratch.path()));
}
