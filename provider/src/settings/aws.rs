// SPDX-License-Identifier: MPL-2.0
//! The `aws` block. What is left out, and every credential, comes by the SDK's own chain when it is first used.

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::Target;
use super::model::AwsModel;
use crate::facet::aws::{Settings, check_endpoint};

/// Reads the block.
pub(super) fn read(model: Option<&AwsModel>, errors: &mut Errors) -> Target<Settings> {
    let Some(model) = model else { return Target::Off };
    validate(model, errors);
    if rows(model).iter().any(|(_, value, ..)| value.is_unknown()) {
        return Target::Unknown;
    }
    let text = |value: &Attr<String>| value.known().cloned();
    Target::Known(Settings {
        region: text(&model.region),
        profile: text(&model.profile),
        endpoint_url: text(&model.endpoint_url),
        expected_account: text(&model.expected_account),
        kms_key: text(&model.kms_key),
    })
}

/// Judges what is known.
pub(super) fn validate(model: &AwsModel, errors: &mut Errors) {
    for (name, value, fits, wanted) in rows(model) {
        if let Some(text) = value.known().filter(|text| !fits(text)) {
            errors.push(
                Diagnostic::error(
                    format!("AWS: `{name}` cannot be \"{}\"", text.escape_debug()),
                    format!("Reading the `aws` block of the provider configuration failed. `{name}` must be {wanted}."),
                )
                .at(at(name)),
            );
        }
    }
    if let Some(Err(why)) = model.endpoint_url.known().map(|url| check_endpoint(url)) {
        errors.push(
            Diagnostic::error(
                "AWS: `endpoint_url` cannot be used",
                format!(
                    "Reading the `aws` block of the provider configuration failed. The URL {why}."
                ),
            )
            .at(at("endpoint_url")),
        );
    }
}

/// Name, value, whether a text can be one, and what it must be.
type Row<'a> = (&'static str, &'a Attr<String>, fn(&str) -> bool, &'static str);

fn rows(model: &AwsModel) -> [Row<'_>; 5] {
    let any: fn(&str) -> bool = |_| true;
    [
        ("region", &model.region, is_region, "a region's code, such as `eu-west-3`"),
        ("profile", &model.profile, is_word, "the name of a profile"),
        ("endpoint_url", &model.endpoint_url, any, "a URL"),
        ("expected_account", &model.expected_account, is_account, "an account's number, 12 digits"),
        ("kms_key", &model.kms_key, is_key, "a key's id or ARN, or `alias/` and a name"),
    ]
}

fn is_region(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_word(text: &str) -> bool {
    (1..=200).contains(&text.len()) && !text.contains(char::is_control)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// As Parameter Store takes it: `^([a-zA-Z0-9:/_-]+)$`, 1 to 256.
fn is_key(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":/_-".contains(&b))
}

fn at(name: &str) -> Path {
    Path::attribute("aws").field(name)
}
