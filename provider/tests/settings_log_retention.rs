// SPDX-License-Identifier: MPL-2.0
//! `environment.log_retention_days`: what it takes, what it refuses, and when it must be known.
#![allow(clippy::unwrap_used)]

use appenv::settings::Settings;
use appenv::settings::model::{EnvironmentModel, Model};
use appenv::world::World;
use tfplugin::diagnostic::Errors;
use tfplugin::value::{Attr, Number};

const PLACE: &str = "environment[1].log_retention_days";

/// What CloudWatch Logs takes, as the service's own model documents `Days`.
const TAKEN: &str = "1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, and \
                     3653";

fn with(days: Attr<Number>) -> Model {
    let environment = |name: &str, days| EnvironmentModel {
        name: Attr::Known(name.to_owned()),
        log_retention_days: days,
        ..EnvironmentModel::default()
    };
    Model {
        environment: vec![environment("qa", Attr::Null), environment("dev", days)],
        ..Model::default()
    }
}

fn known(text: &str) -> Attr<Number> {
    Attr::Known(text.parse().unwrap())
}

fn read(model: &Model) -> Result<Settings, Errors> {
    Settings::read(model, &World::with(|_| None, "/"))
}

/// The one error, which is at the place of the number: summary and detail.
fn only(errors: &Errors) -> (String, String) {
    let [error] = errors.0.as_slice() else { panic!("{errors:?}") };
    assert_eq!(error.attribute.as_ref().unwrap().to_string(), PLACE);
    (error.summary.clone(), error.detail.clone())
}

fn taken() -> Vec<u32> {
    TAKEN.replace("and ", "").split(", ").map(|days| days.parse().unwrap()).collect()
}

#[test]
fn what_cloudwatch_takes_is_taken_and_nothing_else_is() {
    let taken = taken();
    assert_eq!(taken.len(), 22);
    for days in 0..=4000 {
        let model = with(known(&days.to_string()));
        if taken.contains(&days) {
            Settings::validate(&model).unwrap();
            let kept = read(&model).unwrap().log_retention;
            assert_eq!(kept.into_iter().collect::<Vec<_>>(), [("dev".to_owned(), i64::from(days))]);
            continue;
        }
        let (summary, detail) = only(&Settings::validate(&model).unwrap_err());
        assert_eq!(summary, format!("`log_retention_days` cannot be {days}"));
        assert_eq!(only(&read(&model).unwrap_err()), (summary, detail));
    }
}

#[test]
fn a_refusal_says_where_why_and_what_to_write() {
    for (given, next) in [
        ("31", "write 30 or 60,"),
        ("7.5", "write 7 or 14,"),
        ("3654", "write 3653,"),
        ("1e30", "write 3653,"),
        ("0", "write 1,"),
        ("-7", "write 1,"),
    ] {
        let (_, detail) = only(&Settings::validate(&with(known(given))).unwrap_err());
        let all = TAKEN.replace("and ", "");
        for words in
            ["`environment` block \"dev\"", "CloudWatch Logs", &all, &format!("Next: {next}")]
        {
            assert!(detail.contains(words), "{words}: {detail}");
        }
    }
    let mut nameless = with(known("2"));
    nameless.environment[1].name = Attr::Unknown;
    let (_, detail) = only(&Settings::validate(&nameless).unwrap_err());
    assert!(detail.starts_with("Reading the `environment` block of the provider"), "{detail}");
}

#[test]
fn it_may_be_left_out_and_must_be_known_when_the_provider_is_configured() {
    let nothing = with(Attr::Null);
    Settings::validate(&nothing).unwrap();
    assert!(read(&nothing).unwrap().log_retention.is_empty());
    assert!(read(&Model::default()).unwrap().log_retention.is_empty());
    let unknown = with(Attr::Unknown);
    Settings::validate(&unknown).unwrap();
    let (summary, _) = only(&read(&unknown).unwrap_err());
    assert_eq!(summary, format!("`{PLACE}` is not known yet"));
}
