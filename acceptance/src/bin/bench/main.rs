// SPDX-License-Identifier: MPL-2.0
//! Measures the provider against its bars, as ratios within one run to the CLI's own resource and to a provider that
//! does nothing.
//!
//! `bench [INSTANCES [SERVED]]`: how many instances by names only (1000) and how many on servers (100; 0 leaves that
//! part out).

mod configuration;
mod handshake;
mod plans;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use acceptance::servers::Servers;
use acceptance::{Cli, Proxy, Workspace, provider, say};

use plans::{Cost, Subject, settled, settled_builtin, side_by_side};

/// One measure, and the bar it is held against where there is one.
struct Measure {
    what: String,
    value: f64,
    bar: Option<f64>,
    unit: &'static str,
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse().expect("a number of instances"));
    let instances: u32 = args.next().unwrap_or(1000);
    let served: u32 = args.next().unwrap_or(100);
    let cli = Cli::any();
    say!("{cli}, provider {}, floor {}", provider::binary().display(), floor().display());
    say!("{instances} instances by names only, {served} on servers\n");
    let mut measures = vec![handshake::handshake()];
    measures.extend(names_only(cli, instances));
    if served > 0 {
        measures.extend(on_servers(cli, served));
    }
    say!("\n{:<66} {:>9} {:>9}", "measure", "value", "bar");
    for Measure { what, value, bar, unit } in &measures {
        let shown = bar.map_or_else(|| "-".to_owned(), |bar| format!("{bar:.2}"));
        let verdict = if bar.is_some_and(|bar| *value > bar) { "  MISSED" } else { "" };
        say!("{what:<66} {value:>9.2} {shown:>9} {unit}{verdict}");
    }
    let missed = measures
        .iter()
        .filter(|measure| measure.bar.is_some_and(|bar| measure.value > bar))
        .count();
    say!("\n{} measured, {missed} missed.", measures.len());
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The provider that does nothing, built beside the one that is measured.
fn floor() -> PathBuf {
    let built = provider::binary().parent().expect("a program is in a directory");
    let floor = built.join("examples/floor");
    assert!(floor.is_file(), "{} is not there: `make bench` builds it", floor.display());
    floor
}

/// Plans without a change, by names only.
fn names_only(cli: &Cli, instances: u32) -> Vec<Measure> {
    let floor = floor();
    let builtin = settled_builtin(cli, &configuration::builtin(instances));
    let kept = |ty: &str| {
        settled(Workspace::with_provider_at(cli, &floor), &configuration::kept(ty, instances))
    };
    let (narrow, twenty) = (kept("appenv_narrow"), kept("appenv_twenty"));
    let ours = settled(Workspace::new(cli), &configuration::named(instances));
    let by_floor = |workspace| Subject { workspace, provider: Some(&floor) };
    let [base, one, more, wide, real] = side_by_side(&[
        Subject { workspace: &builtin, provider: None },
        by_floor(&narrow),
        by_floor(&twenty),
        by_floor(&ours),
        Subject { workspace: &ours, provider: Some(provider::binary()) },
    ]);
    tell("terraform_data", base);
    tell("floor, one attribute", one);
    tell("floor, twenty more, unset", more);
    tell("floor, our schema and state", wide);
    tell("appenv_app_instance by names only", real);
    let plan = format!("no-op plan, {instances} by names only");
    let floor = |what: &str, cost: Cost| {
        Measure::ratio(
            format!("  the floor of {what}, to terraform_data"),
            cost.took,
            base.took,
            None,
        )
    };
    vec![
        Measure::ratio(format!("{plan}, to terraform_data"), real.took, base.took, Some(1.2)),
        Measure::ratio(
            format!("{plan}, to the floor of our schema"),
            real.took,
            wide.took,
            Some(1.2),
        ),
        floor("our schema", wide),
        floor("one attribute and twenty unset", more),
        floor("one attribute", one),
        Measure::memory(format!("provider memory, {instances} by names only"), real),
    ]
}

/// Refreshing plans with everything on PostgreSQL and OpenBao.
fn on_servers(cli: &Cli, instances: u32) -> Vec<Measure> {
    let floor = floor();
    let servers = Servers::start();
    let env = servers.pg.env().into_iter().chain(servers.bao.env());
    let builtin = settled_builtin(cli, &configuration::builtin(instances));
    let ours = Workspace::new(cli).with_env(env);
    let mut ours = settled(ours, &configuration::everything(instances));
    let [base, wide, real] = side_by_side(&[
        Subject { workspace: &builtin, provider: None },
        Subject { workspace: &ours, provider: Some(&floor) },
        Subject { workspace: &ours, provider: Some(provider::binary()) },
    ]);
    tell("terraform_data", base);
    tell("floor, our schema and state", wide);
    tell("appenv_app_instance on servers", real);
    // Counted apart, since what counts is in the way.
    let proxy = Proxy::postgres(&servers.pg);
    ours.set_envs(servers.pg.env_at(proxy.port()));
    side_by_side(&[Subject { workspace: &ours, provider: Some(provider::binary()) }]);
    let count = |number: usize| u32::try_from(number).expect("a handful").into();
    let plan = format!("refreshing plan, {instances} on servers");
    vec![
        Measure::ratio(format!("{plan}, to terraform_data"), real.took, base.took, Some(2.0)),
        Measure::ratio(format!("{plan}, to the floor of our schema"), real.took, wide.took, None),
        Measure::ratio("  the floor of our schema, to terraform_data", wide.took, base.took, None),
        Measure::memory(format!("provider memory, {instances} on servers"), real),
        Measure::held("PostgreSQL connections in a plan", count(proxy.most_connections()), 2.0, ""),
        Measure::held("PostgreSQL writes in a plan", count(proxy.writes().len()), 0.0, ""),
    ]
}

fn tell(what: &str, cost: Cost) {
    let Cost { took, cli, provider, .. } = cost;
    say!(
        "{what:<36} {:>6.2} s; processor time: CLI {:>6.2} s, provider {:>5.2} s",
        took.as_secs_f64(),
        cli.as_secs_f64(),
        provider.as_secs_f64()
    );
}

// === impl Measure ===

impl Measure {
    fn held(what: impl Into<String>, value: f64, bar: f64, unit: &'static str) -> Self {
        Self { what: what.into(), value, bar: Some(bar), unit }
    }

    fn ratio(what: impl Into<String>, time: Duration, base: Duration, bar: Option<f64>) -> Self {
        let value = time.as_secs_f64() / base.as_secs_f64();
        Self { what: what.into(), value, bar, unit: "x" }
    }

    fn memory(what: impl Into<String>, cost: Cost) -> Self {
        Self::held(what, f64::from(cost.memory) / 1024.0, 40.0, "MiB")
    }
}
