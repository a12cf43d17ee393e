// SPDX-License-Identifier: MPL-2.0
//! Logs, as the CLI reads them: one JSON object a line on standard error.
//!
//! Nobody else writes to standard error, because the CLI believes what it reads there: a line that is a JSON object
//! whose `@message` is not a string ends the CLI itself.

mod layer;
mod line;
mod panic;

use std::str::FromStr as _;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::handshake::Environment;

pub(crate) use panic::take_id as take_panic_id;

/// The crate that this is.
const OWN: &str = env!("CARGO_CRATE_NAME");
/// What is written of other crates at most, whatever is asked for: the more they tell, the likelier it is that a
/// password or a token is in it.
const FOREIGN: LevelFilter = LevelFilter::WARN;

/// Sends logs and panics to standard error, as far as the environment asks for them.
///
/// `address` is the provider's and `provider` the path of its type, whose crate is trusted with its own logs.
pub(crate) fn install(environment: Environment<'_>, address: &str, provider: &str) {
    panic::install();
    let level = level(environment, address);
    if level == LevelFilter::OFF {
        return;
    }
    let layer = layer::JsonLines::to_stderr().with_filter(targets(level, provider));
    // Fails only where a subscriber is there already, which then has the logs.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// The level asked for: `TF_LOG_PROVIDER_<NAME>`, else `TF_LOG_PROVIDER`, else `TF_LOG`, else none.
///
/// What is no level reads as TRACE, as it does to the CLI; `JSON` is its name for TRACE in another form.
fn level(environment: Environment<'_>, address: &str) -> LevelFilter {
    let name = address.rsplit('/').next().unwrap_or(address).to_uppercase().replace('-', "_");
    let own = format!("TF_LOG_PROVIDER_{name}");
    let asked = [own.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
        .into_iter()
        .find_map(|variable| environment(variable).filter(|value| !value.is_empty()));
    match asked {
        None => LevelFilter::OFF,
        Some(value) => value
            .to_str()
            .map(str::trim)
            .filter(|value| value.chars().all(|c| c.is_ascii_alphabetic()))
            .and_then(|value| LevelFilter::from_str(value).ok())
            .unwrap_or(LevelFilter::TRACE),
    }
}

fn targets(level: LevelFilter, provider: &str) -> Targets {
    let provider = provider.split("::").next().unwrap_or(provider);
    Targets::new()
        .with_default(level.min(FOREIGN))
        .with_target(OWN, level)
        .with_target(provider, level)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn asked(variables: &[(&str, &str)]) -> LevelFilter {
        let environment = |name: &str| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        };
        level(&environment, "registry.terraform.io/arcodange/app-env")
    }

    #[test]
    fn nothing_is_written_unless_asked_for() {
        assert_eq!(asked(&[]), LevelFilter::OFF);
        assert_eq!(asked(&[("TF_LOG", "")]), LevelFilter::OFF);
        assert_eq!(asked(&[("TF_LOG", "off")]), LevelFilter::OFF);
    }

    #[test]
    fn the_narrower_variable_decides() {
        let all = [
            ("TF_LOG", "error"),
            ("TF_LOG_PROVIDER", "WARN"),
            ("TF_LOG_PROVIDER_APP_ENV", "Debug"),
        ];
        assert_eq!(asked(&all), LevelFilter::DEBUG);
        assert_eq!(asked(&all[..2]), LevelFilter::WARN);
        assert_eq!(asked(&all[..1]), LevelFilter::ERROR);
    }

    #[test]
    fn what_is_no_level_is_the_lowest() {
        for value in ["JSON", "1", "everything", "INFO "] {
            let expected = if value == "INFO " { LevelFilter::INFO } else { LevelFilter::TRACE };
            assert_eq!(asked(&[("TF_LOG", value)]), expected, "{value}");
        }
    }

    /// Of AWS: at TRACE they print the headers of requests, the signature among them.
    const SDK: [&str; 7] = [
        "aws_config",
        "aws_runtime",
        "aws_sdk_ssm::operation::put_parameter",
        "aws_sdk_sts",
        "aws_sigv4::http_request::sign",
        "aws_smithy_http_client",
        "aws_smithy_runtime::client::orchestrator",
    ];

    #[test]
    fn other_crates_never_tell_more_than_warnings() {
        let targets = targets(LevelFilter::TRACE, "appenv::provider::AppEnv");
        for own in ["tfplugin::listen", "appenv", "appenv::facet"] {
            assert!(targets.would_enable(own, &Level::TRACE), "{own}");
        }
        let foreign = ["tokio_postgres::query", "rustls", "h2::codec", "hyper::proto", "reqwest"];
        for target in
            foreign.into_iter().chain(["rustify::client", "vaultrs", "tonic", "novel"]).chain(SDK)
        {
            assert!(!targets.would_enable(target, &Level::INFO), "{target}");
            assert!(targets.would_enable(target, &Level::WARN), "{target}");
        }
    }

    #[test]
    fn a_level_above_warnings_holds_for_other_crates_too() {
        let targets = targets(LevelFilter::ERROR, "appenv::provider::AppEnv");
        assert!(!targets.would_enable("h2", &Level::WARN));
    }
}
