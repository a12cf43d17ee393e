// SPDX-License-Identifier: MPL-2.0
//! `check`: preflight and parity from a terminal, without a state. It runs what `appenv_preflight` and `appenv_parity` run, by
//! the same schemas and models.

mod config;
mod decode;
mod report;
mod table;

use std::pin::pin;
use std::sync::Arc;

use clap::{Arg, ArgAction, ArgMatches, Command};
use futures_util::future::join_all;
use tfplugin::context::Context;
use tfplugin::data_source::DataSource;
use tfplugin::diagnostic::{Diagnostic, Errors};

use self::config::Config;
use self::report::Report;
use super::{DONE, FAILED, Output, print, say};
use crate::configured::{Configured, Latest};
use crate::data_source::parity::ParitySource;
use crate::data_source::preflight::PreflightSource;
use crate::settings::Settings;
use crate::world::World;

/// Something failed that was checked.
const FOUND: u8 = 2;

/// Its definition, from which parser and help are made.
pub fn command() -> Command {
    Command::new("check")
        .about("Check an instance against what stands")
        .long_about(
            "Check instances against what stands: the same checks as the data sources appenv_preflight and appenv_parity \
             make, from a terminal and without a state. Nothing is written, but for the lease of a probe.\n\nFILE.json has \
             three keys: `provider`, the arguments of the provider block, and `preflight` and `parity`, each a list of \
             arguments of its data source, as JSON. A block is an object, one that may be repeated a list of objects. Passwords need not be in it: \
             the variables that the provider reads are read here too (PG*, VAULT_*, BAO_*, AWS_*), and a Redis has \
             `password_env`.",
        )
        .after_help(
            "Examples:\n  terraform-provider-appenv check --config appenv.json\n  terraform-provider-appenv check erp \
             sandbox --config appenv.json --json\n\nExit code: 0 nothing failed (warnings do not count), 2 something \
             failed, 1 it could not be checked or was asked for in a wrong way (standard error says why).\n\nColours only \
             on a terminal, and not where NO_COLOR is set.",
        )
        .arg(Arg::new("app").value_name("APP").help(
            "The application: of what FILE.json asks for what is of it, and what names none",
        ))
        .arg(Arg::new("env").value_name("ENV").help("The environment, likewise"))
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE.json")
                .help("Arguments of the provider, of preflights and of comparisons")
                .required_unless_present("app"),
        )
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON"))
}

/// Checks, and prints what was found.
pub fn run(matches: &ArgMatches, world: &World, output: &mut Output<'_>) -> u8 {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let done = Config::read(text("config"), text("app"), text("env"), world)
        .and_then(|config| check(config, world));
    let reports = match done {
        Ok((reports, warnings)) => {
            say(output.err, &warnings);
            reports
        }
        Err(why) => {
            say(output.err, &why);
            return FAILED;
        }
    };
    let answer = if matches.get_flag("json") {
        report::json(&reports)
    } else {
        let colours = output.terminal.is_some() && world.env("NO_COLOR").is_none();
        table::render(&reports, output.terminal, colours)
    };
    match print(output, &answer) {
        DONE if reports.iter().all(|report| report.ok) => DONE,
        DONE => FOUND,
        failed => failed,
    }
}

/// Runs everything side by side, as the provider would; answers warnings too.
fn check(config: Config, world: &World) -> Result<(Vec<Report>, String), String> {
    let mistakes = |errors: Errors| told("error", &errors.0);
    Settings::validate(&config.provider).map_err(mistakes)?;
    let settings = Settings::read(&config.provider, world).map_err(mistakes)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("error: No work can be started: {error}\n"))?;
    let probes = config.preflight.iter().any(|model| model.probe.known() == Some(&true));
    let answers = runtime.block_on(async {
        let latest = Arc::new(Latest::default());
        latest.set(Configured::new(settings, Arc::new(world.clone())));
        let preflight = PreflightSource(latest.clone());
        let parity = ParitySource(latest.clone());
        let preflights = config
            .preflight
            .into_iter()
            .map(|model| Box::pin(async { answer(&preflight, model, Report::of).await }));
        let parities = config
            .parity
            .into_iter()
            .map(|model| Box::pin(async { answer(&parity, model, Report::of_parity).await }));
        let mut work = pin!(async { tokio::join!(join_all(preflights), join_all(parities)) });
        let answers = tokio::select! {
            (mut answers, others) = &mut work => {
                answers.extend(others);
                Some(answers)
            }
            _ = tokio::signal::ctrl_c() => {
                if probes {
                    // Nobody else knows a lease that is on its way: it ends within `timeout` and a little more.
                    work.await;
                }
                None
            }
        };
        if let Some(configured) = latest.get() {
            configured.clients.close().await;
        }
        answers
    });
    // A file that hangs is not waited for.
    runtime.shutdown_background();
    let Some(answers) = answers else {
        return Err(
            "error: stopped\n  It was interrupted before it was done.\n  Next: run it again.\n"
                .to_owned(),
        );
    };
    let (mut reports, mut warnings, mut errors) = (Vec::new(), String::new(), String::new());
    for (answer, warned) in answers {
        warnings += &told("warning", &warned);
        match answer {
            Ok(report) => reports.push(report),
            Err(wrong) => errors += &told("error", &wrong.0),
        }
    }
    if errors.is_empty() { Ok((reports, warnings)) } else { Err(errors) }
}

async fn answer<S: DataSource>(
    source: &S,
    model: S::Model,
    report: impl Fn(&S::Model) -> Report,
) -> (Result<Report, Errors>, Vec<Diagnostic>) {
    let mut cx = Context::default();
    let answer = match source.validate(&mut cx, &model).await {
        Ok(()) => source.read(&mut cx, model).await,
        Err(errors) => Err(errors),
    };
    (answer.map(|model| report(&model)), cx.warnings)
}

fn told(severity: &str, found: &[Diagnostic]) -> String {
    let told = |one: &Diagnostic| {
        let at = one.attribute.as_ref().map(|at| format!("\n  at {at}")).unwrap_or_default();
        format!("{severity}: {}{at}\n  {}\n", one.summary, one.detail.replace('\n', "\n  "))
    };
    found.iter().map(told).collect()
}
