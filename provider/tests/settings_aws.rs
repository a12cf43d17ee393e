// SPDX-License-Identifier: MPL-2.0
//! The `aws` block: what it takes, what it refuses, and what of it may be unknown.
#![allow(clippy::unwrap_used)]

use appenv::facet::aws::Settings as Aws;
use appenv::settings::model::{AwsModel, Model};
use appenv::settings::{Settings, Target};
use appenv::world::World;
use tfplugin::value::Attr;

fn text(text: &str) -> Attr<String> {
    Attr::Known(text.to_owned())
}

fn with(aws: AwsModel) -> Model {
    Model { owner: text("team"), aws: Some(aws), ..Model::default() }
}

fn read(model: &Model) -> Result<Settings, Vec<String>> {
    Settings::read(model, &World::with(|_| None, "/")).map_err(|errors| {
        let told = errors.0.iter();
        told.map(|error| format!("{}: {}", error.attribute.as_ref().unwrap(), error.summary))
            .collect()
    })
}

#[test]
fn an_empty_block_leaves_everything_to_the_sdk() {
    let settings = read(&with(AwsModel::default())).unwrap();
    assert_eq!(settings.facets(), ["aws"]);
    assert!(matches!(settings.aws, Target::Known(found) if found == Aws::default()));
}

#[test]
fn what_is_written_is_taken() {
    let model = AwsModel {
        region: text("eu-west-3"),
        profile: text("prod"),
        endpoint_url: text("https://ssm.example.org"),
        expected_account: text("123456789012"),
        kms_key: text("alias/erp"),
    };
    let settings = read(&with(model)).unwrap();
    let Target::Known(aws) = settings.aws else { panic!() };
    assert_eq!((aws.region.as_deref(), aws.profile.as_deref()), (Some("eu-west-3"), Some("prod")));
    assert_eq!(aws.endpoint_url.as_deref(), Some("https://ssm.example.org"));
    assert_eq!(
        (aws.expected_account.as_deref(), aws.kms_key.as_deref()),
        (Some("123456789012"), Some("alias/erp"))
    );
}

#[test]
fn each_argument_is_judged_at_validate_and_at_configure() {
    let model = AwsModel {
        region: text("EU"),
        profile: text(""),
        endpoint_url: text("http://ssm.example.org"),
        expected_account: text(""),
        kms_key: text("my key"),
    };
    let told = read(&with(model.clone())).unwrap_err();
    let places: Vec<_> = told.iter().map(|told| told.split(':').next().unwrap()).collect();
    let all =
        ["aws.region", "aws.profile", "aws.expected_account", "aws.kms_key", "aws.endpoint_url"];
    assert_eq!(places, all);
    assert_eq!(Settings::validate(&with(model)).unwrap_err().0.len(), 5);
}

#[test]
fn an_unknown_argument_is_an_unknown_target() {
    let unknown = || Attr::<String>::Unknown;
    for model in [
        AwsModel { region: unknown(), ..AwsModel::default() },
        AwsModel { profile: unknown(), ..AwsModel::default() },
        AwsModel { endpoint_url: unknown(), ..AwsModel::default() },
        AwsModel { expected_account: unknown(), ..AwsModel::default() },
        AwsModel { kms_key: unknown(), ..AwsModel::default() },
    ] {
        let settings = read(&with(model)).unwrap();
        assert!(settings.aws.is_unknown() && settings.has_unknown_target());
        assert_eq!(settings.facets(), ["aws"]);
    }
}

#[test]
fn an_owner_is_needed() {
    let model = Model { aws: Some(AwsModel::default()), ..Model::default() };
    assert_eq!(read(&model).unwrap_err(), ["owner: `owner` is missing"]);
}
