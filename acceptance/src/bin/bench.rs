//! Measures the provider against its bars, as ratios to the CLI's own resource in the same run.
//!
//! `bench [INSTANCES [SERVED]]`: how many instances by names only (1000) and how many on servers (1000; 0 leaves that
//! part out).

#![allow(clippy::print_stdout, reason = "it is there to be read")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use acceptance::account::search_path;
use acceptance::scratch::Scratch;
use acceptance::servers::Servers;
use acceptance::{Cli, Proxy, Workspace, provider};

/// One measure and the bar it is held against.
struct Measure {
    what: String,
    value: f64,
    bar: f64,
    unit: &'static str,
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse().expect("a number of instances"));
    let instances: u32 = args.next().unwrap_or(1000);
    let served: u32 = args.next().unwrap_or(1000);
    let cli = Cli::any();
    println!("{cli}, provider {}", provider::binary().display());
    let mut measures = vec![handshake()];
    measures.extend(names_only(cli, instances));
    if served > 0 {
        measures.extend(on_servers(cli, served));
    }
    println!("\n{:<62} {:>9} {:>9}", "measure", "value", "bar");
    for Measure { what, value, bar, unit } in &measures {
        let verdict = if value <= bar { "" } else { "  MISSED" };
        println!("{what:<62} {value:>9.2} {bar:>9.2} {unit}{verdict}");
    }
    let missed = measures.iter().filter(|measure| measure.value > measure.bar).count();
    println!("\n{} measured, {missed} missed.", measures.len());
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Process start to handshake line; the median of many.
fn handshake() -> Measure {
    let scratch = Scratch::new("shake");
    let certificate = client_certificate();
    let mut times: Vec<Duration> =
        (0..21).map(|_| one_handshake(scratch.path(), &certificate)).collect();
    times.sort();
    let value = times[times.len() / 2].as_secs_f64() * 1000.0;
    Measure { what: "process start to handshake line".to_owned(), value, bar: 15.0, unit: "ms" }
}

/// A certificate as the CLI makes one for each provider it starts: P-521, self-signed, an authority.
fn client_certificate() -> String {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).expect("a key is made");
    let names = vec!["localhost".to_owned()];
    let mut params = rcgen::CertificateParams::new(names).expect("localhost is a name");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.self_signed(&key).expect("a certificate is made").pem()
}

fn one_handshake(dir: &Path, certificate: &str) -> Duration {
    const COOKIE: &str = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2";
    let began = Instant::now();
    let mut child = Command::new(provider::binary())
        .env_clear()
        .env("PATH", search_path())
        .env("TMPDIR", dir)
        .env("TF_PLUGIN_MAGIC_COOKIE", COOKIE)
        .env("PLUGIN_PROTOCOL_VERSIONS", "6")
        .env("PLUGIN_CLIENT_CERT", certificate)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the provider can be started");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("stdout was piped");
    BufReader::new(stdout).read_line(&mut line).expect("the provider's output is text");
    let took = began.elapsed();
    child.kill().ok();
    child.wait().ok();
    assert!(line.starts_with("1|6|"), "not a handshake line: {line:?}");
    took
}

/// Plans without a change, by names only, against the CLI's own resource.
fn names_only(cli: &Cli, instances: u32) -> Vec<Measure> {
    let builtin = settled(Workspace::without_provider(cli), &builtin(instances));
    let ours = settled(Workspace::new(cli), &named(instances));
    let (base, _) = plan(&builtin);
    let (time, memory) = plan(&ours);
    println!("names only, {instances} instances: terraform_data {base:?}, ours {time:?}");
    vec![
        ratio(
            format!("no-op plan, {instances} instances, names only, to terraform_data"),
            time,
            base,
            1.2,
        ),
        mebibytes(format!("provider memory, {instances} instances, names only"), memory),
    ]
}

/// Refreshing plans with everything on PostgreSQL and OpenBao.
fn on_servers(cli: &Cli, instances: u32) -> Vec<Measure> {
    let servers = Servers::start();
    let proxy = Proxy::postgres(&servers.pg);
    let env = servers.pg.env_at(proxy.port()).into_iter().chain(servers.bao.env());
    let builtin = settled(Workspace::without_provider(cli), &builtin(instances));
    let ours = settled(Workspace::new(cli).with_env(env), &everything(instances));
    let (base, _) = plan(&builtin);
    proxy.forget();
    let (time, memory) = plan(&ours);
    println!("on servers, {instances} instances: terraform_data {base:?}, ours {time:?}");
    let connections = u32::try_from(proxy.most_connections()).expect("a handful").into();
    let writes = u32::try_from(proxy.writes().len()).expect("a handful").into();
    vec![
        ratio(
            format!("refreshing plan, {instances} instances on servers, to terraform_data"),
            time,
            base,
            2.0,
        ),
        mebibytes(format!("provider memory, {instances} instances on servers"), memory),
        Measure {
            what: "PostgreSQL connections in a plan".to_owned(),
            value: connections,
            bar: 2.0,
            unit: "",
        },
        Measure {
            what: "PostgreSQL writes in a plan".to_owned(),
            value: writes,
            bar: 0.0,
            unit: "",
        },
    ]
}

fn ratio(what: String, time: Duration, base: Duration, bar: f64) -> Measure {
    Measure { what, value: time.as_secs_f64() / base.as_secs_f64(), bar, unit: "x" }
}

fn mebibytes(what: String, kibibytes: u32) -> Measure {
    Measure { what, value: f64::from(kibibytes) / 1024.0, bar: 40.0, unit: "MiB" }
}

/// A workspace whose configuration has been applied.
fn settled(ws: Workspace, configuration: &str) -> Workspace {
    let ws = ws.without_trace().with_deadline(Duration::from_secs(3600));
    ws.write("main.tf", configuration);
    ws.apply_with(&["-parallelism=10"]);
    ws
}

/// The best of three plans, which must be empty, and the most memory (KiB) a provider ever had in them.
fn plan(ws: &Workspace) -> (Duration, u32) {
    let mut best = Duration::MAX;
    let mut memory = 0;
    for _ in 0..3 {
        let mut run = ws.start(&["plan", "-detailed-exitcode"]);
        while !run.has_ended() {
            let peaks = run.providers().into_iter().filter_map(|process| process.peak_memory());
            memory = peaks.fold(memory, u32::max);
            std::thread::sleep(Duration::from_millis(20));
        }
        let run = run.wait();
        assert!(run.code == Some(0), "{run}");
        best = best.min(run.took);
    }
    (best, memory)
}

fn builtin(instances: u32) -> String {
    format!(
        "resource \"terraform_data\" \"a\" {{\n  count = {instances}\n  input = \"app${{count.index}}\"\n}}\n"
    )
}

fn named(instances: u32) -> String {
    required() + "provider \"appenv\" {}\n" + &resource(instances)
}

fn everything(instances: u32) -> String {
    let provider = "provider \"appenv\" {\n  owner = \"bench/bench\"\n  postgres {}\n  vault {\n    kubernetes {\n      mount = \
                    \"kubernetes\"\n    }\n  }\n}\n";
    required() + provider + &resource(instances)
}

fn required() -> String {
    let source = provider::SOURCE;
    format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"{source}\"\n    }}\n  }}\n}}\n"
    )
}

fn resource(instances: u32) -> String {
    format!(
        "resource \"appenv_app_instance\" \"a\" {{\n  count = {instances}\n  app = \"app${{count.index}}\"\n  env = \
         \"sandbox\"\n}}\n"
    )
}
