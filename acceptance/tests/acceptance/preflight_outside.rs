// SPDX-License-Identifier: MPL-2.0
//! `appenv_preflight` on what no facet manages: each check is good, broken by hand, found, and mended as its `fix` says.

use std::fs::Permissions;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::process::Command;
use std::time::Duration;

use acceptance::canary::{Canaries, Sinks};
use acceptance::servers::redis::Certificate;
use acceptance::servers::web::Manner;
use acceptance::servers::{Redis, Web};
use acceptance::{Cli, Workspace, random};
use serde_json::Value;

use crate::bad_input::REQUIRED;
use crate::preflight::Found;

/// A day in hours.
const DAY: i64 = 24;

fn workspace() -> Workspace {
    Workspace::new(Cli::any())
}

/// Asks for what `blocks` say, and for nothing that a facet manages.
fn asks(ws: &Workspace, blocks: &str) -> Found {
    ws.write(
        "main.tf",
        &format!(
            "{REQUIRED}\nprovider \"appenv\" {{}}\ndata \"appenv_preflight\" \"it\" {{\n  app = \"erp\"\n  env = \
             \"sandbox\"\n  timeout = \"3s\"\n{blocks}}}\noutput \"ok\" {{\n  value = \
             data.appenv_preflight.it.ok\n}}\noutput \"findings\" {{\n  value = data.appenv_preflight.it.findings\n}}\n"
        ),
    );
    Found::by(ws)
}

/// The only finding of a check, with its status and what it must say in detail and in fix.
fn is(found: &Found, check: &str, status: &str, detail: &str, fix: &str) {
    let one = found.one(check);
    says(one, status, detail, fix);
    assert_eq!(found.ok, found.findings.iter().all(|one| one["status"] != "fail"), "{found:#?}");
}

fn says(one: &Value, status: &str, detail: &str, fix: &str) {
    assert_eq!(one["status"], status, "{one}");
    assert!(one["detail"].as_str().unwrap().contains(detail), "{detail:?} in {one}");
    assert!(one["fix"].as_str().unwrap().contains(fix), "{fix:?} in {one}");
}

/// Runs the command that a fix has between backticks.
fn follow(ws: &Workspace, found: &Found, check: &str) {
    let fix = found.one(check)["fix"].as_str().unwrap();
    let command = fix.split('`').nth(1).unwrap_or_else(|| panic!("nothing to run in {fix:?}"));
    let ran = Command::new("sh").args(["-euc", command]).current_dir(ws.dir()).status().unwrap();
    assert!(ran.success(), "{command}");
}

#[test]
fn redis_answers_to_the_login_that_is_given() {
    let mut redis = Redis::start();
    let mut ws = workspace();
    let block = |more: &str| {
        format!("  redis {{\n    host = \"127.0.0.1\"\n    port = {}\n{more}  }}\n", redis.port())
    };
    let (plain, with) = (block(""), block("    password_env = \"REDIS_PASSWORD\"\n"));
    let user = block("    username = \"app\"\n    password_env = \"REDIS_PASSWORD\"\n");
    let found = asks(&ws, &plain);
    is(&found, "redis", "ok", "PONG within ", "");
    assert_eq!(found.one("redis")["target"], format!("Redis at 127.0.0.1:{}", redis.port()));

    // It wants a password: none is given, the wrong one, the right one.
    let password = random::canary();
    redis.does(None, &["CONFIG", "SET", "requirepass", &password]);
    is(&asks(&ws, &plain), "redis", "fail", "wants a password", "`password_env`");
    is(&asks(&ws, &with), "redis", "fail", "REDIS_PASSWORD, which is not set", "Set the variable");
    let wrong = random::canary();
    ws.set_env("REDIS_PASSWORD", &wrong);
    is(&asks(&ws, &with), "redis", "fail", "refuses the user or the password", "`requirepass`");
    ws.set_env("REDIS_PASSWORD", &password);
    is(&asks(&ws, &with), "redis", "ok", "PONG", "");

    // A user of an ACL who may not ping, and then may.
    let admin = Some(&*password);
    redis.does(admin, &["ACL", "SETUSER", "app", "on", &format!(">{password}"), "-@all"]);
    is(&asks(&ws, &user), "redis", "warn", "may not run PING", "ACL SETUSER with +ping");
    redis.does(admin, &["ACL", "SETUSER", "app", "+ping"]);
    is(&asks(&ws, &user), "redis", "ok", "PONG", "");

    // Down, and up again as it was started: without a password.
    redis.stop();
    is(&asks(&ws, &plain), "redis", "fail", "No connection: ", "Start Redis");
    redis.resume();
    is(&asks(&ws, &plain), "redis", "ok", "PONG", "");
    is(&asks(&ws, &with), "redis", "fail", "Redis has none", "Set `requirepass`");

    let mut canaries = Canaries::new();
    canaries.register("the password", &password).register("the wrong one", &wrong);
    canaries.are_nowhere(&Sinks::of(&ws));
}

#[test]
fn redis_speaks_tls_where_it_is_told_so() {
    let redis = Redis::start_tls(&Certificate::of(&["127.0.0.1"], -1, DAY));
    let ws = workspace();
    let block = |more: &str| {
        format!("  redis {{\n    host = \"127.0.0.1\"\n    port = {}\n{more}  }}\n", redis.port())
    };
    let authority = format!("    tls = true\n    ca_cert_file = {:?}\n", redis.authority());
    is(&asks(&ws, &block("")), "redis", "fail", "", "`tls` must be given");
    is(&asks(&ws, &block("    tls = true\n")), "redis", "fail", "No TLS: ", "`ca_cert_file`");
    let absent = "    tls = true\n    ca_cert_file = \"absent.pem\"\n";
    is(
        &asks(&ws, &block(absent)),
        "redis",
        "fail",
        "\"absent.pem\" cannot be read",
        "`ca_cert_file`",
    );
    let found = asks(&ws, &block(&authority));
    is(&found, "redis", "ok", "PONG", "");
    assert!(found.one("redis")["target"].as_str().unwrap().ends_with(" with TLS"), "{found:#?}");
}

#[test]
fn a_certificate_is_renewed_in_time() {
    let good = || Certificate::of(&["localhost"], -1, 60 * DAY);
    let mut redis = Redis::start_tls(&good());
    let ws = workspace();
    let port = redis.port();
    let block = move |more: &str| {
        format!("  certificate {{\n    host = \"localhost\"\n    port = {port}\n{more}  }}\n")
    };
    is(&asks(&ws, &block("")), "certificate", "ok", "Valid until ", "");
    for (certificate, status, detail, fix) in [
        (Certificate::of(&["localhost"], -1, 20 * DAY), "warn", "19 days left", "Renew it"),
        (Certificate::of(&["localhost"], -9, -1), "fail", "It expired at ", "Renew it"),
        (Certificate::of(&["localhost"], 1, 60 * DAY), "fail", "not valid before", "Set the clock"),
        (
            Certificate::of(&["crm.example"], -1, 60 * DAY),
            "warn",
            "not for \"localhost\"",
            "issued for \"localhost\" too",
        ),
    ] {
        redis.resume_with(certificate);
        is(&asks(&ws, &block("")), "certificate", status, detail, fix);
    }
    // The name that clients use, as the last one says.
    is(
        &asks(&ws, &block("    server_name = \"crm.example\"\n")),
        "certificate",
        "ok",
        "Valid until ",
        "",
    );
    redis.resume_with(good());
    is(&asks(&ws, &block("")), "certificate", "ok", "Valid until ", "");
    is(&asks(&ws, &block("    min_days = 60\n")), "certificate", "warn", "less than 60", "Renew");
    redis.stop();
    is(&asks(&ws, &block("")), "certificate", "fail", "No connection", "Start what should listen");
    // What greets in clear, as a mail server does before STARTTLS.
    let mail = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let other = format!(
        "  certificate {{\n    host = \"localhost\"\n    port = {}\n  }}\n",
        mail.local_addr().unwrap().port()
    );
    std::thread::spawn(move || {
        for mut client in mail.incoming().flatten() {
            client.write_all(b"220 mail.example ESMTP\r\n").ok();
        }
    });
    is(&asks(&ws, &other), "certificate", "fail", "No TLS: ", "Correct `port`");
}

#[test]
fn a_health_address_answers_as_it_should() {
    let web = Web::start();
    let ws = workspace();
    let (user, token) = (random::password(), random::password());
    let block = |more: &str| {
        format!(
            "  http {{\n    name = \"erp\"\n    url = \
             \"http://u:{user}@{}/health?token={token}\"\n{more}  }}\n",
            web.address()
        )
    };
    let found = asks(&ws, &block(""));
    is(&found, "http", "ok", "200 within ", "");
    assert_eq!(
        found.one("http")["target"],
        format!("health address \"erp\", http://{}/health?...", web.address())
    );
    assert!(!format!("{found:?}").contains(&user) && !format!("{found:?}").contains(&token));
    let asked = web.asked();
    let line = format!("GET /health?token={token} HTTP/1.1");
    assert!(!asked.is_empty() && asked.iter().all(|asked| *asked == line), "{asked:?}");

    web.answers(Manner { status: 503, ..Manner::default() });
    is(&asks(&ws, &block("")), "http", "fail", "503 within ", "See the log");
    is(&asks(&ws, &block("    expected_status = 503\n")), "http", "ok", "503 within ", "");

    // No redirect is followed, and its secrets are not told.
    let location = Some(format!("/login?next={token}"));
    web.answers(Manner { status: 302, location, ..Manner::default() });
    web.asked();
    let found = asks(&ws, &block(""));
    is(&found, "http", "fail", "it leads to http://", "Give the address that it leads to");
    assert!(!format!("{found:?}").contains(&token), "{found:?}");
    assert!(web.asked().iter().all(|asked| asked.contains("/health")));

    web.answers(Manner { delay: Duration::from_millis(300), ..Manner::default() });
    let slow = "    max_latency_ms = 200\n";
    is(
        &asks(&ws, &block(slow)),
        "http",
        "warn",
        "should not take longer than 200 ms",
        "`max_latency_ms`",
    );
    web.answers(Manner::default());
    // Half a minute is more than any answer of this machine takes.
    is(&asks(&ws, &block("    max_latency_ms = 30000\n")), "http", "ok", "200 within ", "");
    let nobody = acceptance::daemon::free_port();
    let dead =
        format!("  http {{\n    name = \"x\"\n    url = \"http://127.0.0.1:{nobody}/\"\n  }}\n");
    is(&asks(&ws, &dead), "http", "fail", "No answer: ", "Start what should answer");
}

#[test]
fn variables_are_there() {
    let mut ws = workspace();
    let blocks = "  environment_variables = [\"DATABASE_URL\", \"SESSION_KEY\"]\n";
    let canary = random::canary();
    ws.set_env("DATABASE_URL", &canary).set_env("SESSION_KEY", "");
    let found = asks(&ws, blocks);
    let [there, empty] = found.of_check("environment")[..] else { panic!("{found:#?}") };
    says(there, "ok", "It is set.", "");
    says(empty, "fail", "not set, or empty", "Set SESSION_KEY");
    ws.set_env("SESSION_KEY", &canary);
    assert!(asks(&ws, blocks).ok);
    Canaries::new().register("a variable", &canary).are_nowhere(&Sinks::of(&ws));
}

#[test]
fn a_dotenv_file_is_read_by_those_who_should() {
    let ws = workspace();
    let canary = random::canary();
    let path = |name: &str| ws.dir().join(name);
    let mode =
        |mode| std::fs::set_permissions(path("shared.env"), Permissions::from_mode(mode)).unwrap();
    let me = rustix::process::geteuid().as_raw();
    let blocks = format!(
        "  dotenv {{\n    path = \".env\"\n    mode = \"0640\"\n    owner = \"{me}\"\n    link = \"shared.env\"\n  }}\n"
    );
    is(&asks(&ws, &blocks), "dotenv_file", "fail", "No such file", "Write the file");
    std::fs::write(path("shared.env"), format!("A={canary}\nB=2\n")).unwrap();
    symlink("shared.env", path(".env")).unwrap();
    mode(0o640);
    let found = asks(&ws, &blocks);
    is(&found, "dotenv_file", "ok", "has 2 keys", "");
    for check in ["dotenv_mode", "dotenv_owner", "dotenv_link"] {
        is(&found, check, "ok", "", "");
    }

    mode(0o666);
    let found = asks(&ws, &blocks);
    is(&found, "dotenv_mode", "fail", "0666, which permits more than 0640", "chmod 0640");
    follow(&ws, &found, "dotenv_mode");
    is(&asks(&ws, &blocks), "dotenv_mode", "ok", "0640", "");

    std::fs::remove_file(path(".env")).unwrap();
    symlink("old.env", path(".env")).unwrap();
    std::fs::write(path("old.env"), "A=1\n").unwrap();
    let found = asks(&ws, &blocks);
    is(&found, "dotenv_link", "fail", "a link to \"old.env\"", "ln -sfn");
    follow(&ws, &found, "dotenv_link");
    is(&asks(&ws, &blocks), "dotenv_link", "ok", "shared.env", "");

    // Only root can give a file away.
    if me == 0 {
        chown(path("shared.env"), Some(54_321), None).unwrap();
        let found = asks(&ws, &blocks);
        is(&found, "dotenv_owner", "fail", "belongs to user 54321, not to \"0\"", "chown");
        follow(&ws, &found, "dotenv_owner");
        is(&asks(&ws, &blocks), "dotenv_owner", "ok", "", "");
    }
    let stranger = blocks.replace(&format!("\"{me}\""), "\"no-such-user\"");
    is(&asks(&ws, &stranger), "dotenv_owner", "fail", "no user \"no-such-user\"", "Make the user");

    std::fs::write(path("shared.env"), format!("A={canary}\nwhat is this\n")).unwrap();
    is(&asks(&ws, &blocks), "dotenv_file", "fail", "line 2 is neither", "Correct the file");
    std::fs::remove_file(path("shared.env")).unwrap();
    Canaries::new().register("a value", &canary).are_nowhere(&Sinks::of(&ws));
}

#[test]
fn a_compose_file_names_this_env() {
    let ws = workspace();
    let compose = "services:\n  erp-sandbox:\n    image: registry/erp:v12\n    env_file: .env\n";
    ws.write("compose.yml", &compose.replace("erp-sandbox", "erp"));
    let blocks = "  file_matches {\n    path = \"compose.yml\"\n    contains = [\"env_file: .env\", \
                  \"erp-sandbox:\"]\n    pattern = \"image: .*:v[0-9]+$\"\n  }\n";
    let found = asks(&ws, blocks);
    let [env_file, service, image] = found.of_check("file_matches")[..] else {
        panic!("{found:#?}")
    };
    says(env_file, "ok", "Line 4 has \"env_file: .env\".", "");
    says(service, "fail", "No line has \"erp-sandbox:\".", "Add a line that has \"erp-sandbox:\"");
    says(image, "ok", "Line 3 has a match", "");
    ws.write("compose.yml", compose);
    assert!(asks(&ws, blocks).ok);
    ws.write("compose.yml", &compose.replace(":v12", ":latest"));
    assert_eq!(asks(&ws, blocks).wrong(), ["file_matches: fail"]);
    ws.write("compose.yml", &"#".repeat((1 << 20) + 1));
    is(&asks(&ws, blocks), "file_matches", "fail", "cannot be read", "at most 1 MiB");
    ws.remove("compose.yml");
    is(&asks(&ws, blocks), "file_matches", "fail", "No such file", "Put the file there");
}

#[test]
fn a_dead_target_hides_no_other() {
    // Connections are taken by the system, and nobody answers.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let web = Web::start();
    let ws = workspace();
    ws.write("compose.yml", "erp-sandbox\n");
    let blocks = format!(
        "  redis {{\n    host = \"127.0.0.1\"\n    port = {port}\n  }}\n  certificate {{\n    host = \"127.0.0.1\"\n    port \
         = {port}\n  }}\n  http {{\n    name = \"dead\"\n    url = \"http://127.0.0.1:{port}/\"\n  }}\n  http {{\n    name = \
         \"erp\"\n    url = \"http://{}/\"\n  }}\n  file_matches {{\n    path = \"compose.yml\"\n    contains = \
         [\"erp-sandbox\"]\n  }}\n",
        web.address()
    );
    let found = asks(&ws, &blocks);
    for check in ["redis", "certificate"] {
        is(&found, check, "fail", "It did not answer within 3 s.", "`timeout`");
    }
    let [dead, alive] = found.of_check("http")[..] else { panic!("{found:#?}") };
    says(dead, "fail", "It did not answer within 3 s.", "`timeout`");
    says(alive, "ok", "200 within ", "");
    is(&found, "file_matches", "ok", "Line 1", "");
}
