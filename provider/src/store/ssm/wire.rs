// SPDX-License-Identifier: MPL-2.0
//! The calls of Parameter Store, one method each. No message shows a value.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::types::{ParameterTier, ParameterType, ResourceTypeForTagging, Tag};

use super::Ssm;
use super::tags::Tags;
use crate::facet::aws::failure::{self, Call};
use crate::facet::{FacetError, Fault};
use crate::store::SecretValue;

/// A parameter, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    /// Raised by each write, 1 at first.
    pub version: i64,
    /// Whether it is a SecureString.
    pub is_secure: bool,
}

/// A write of a value.
pub(super) struct Put<'a> {
    /// The parameter.
    pub name: &'a str,
    /// What it shall hold.
    pub value: &'a SecretValue,
    /// The id of the write.
    pub write: &'a str,
    /// With these tags a new one is made; `None`: it is written over.
    pub tags: Option<Tags>,
}

// === impl Ssm ===

impl Ssm {
    /// Parameters by name; those that are not there are left out. Nothing is decrypted.
    pub(super) async fn parameters(
        &self,
        names: &[&str],
    ) -> Result<BTreeMap<String, Parameter>, FacetError> {
        let request = format!("ssm:GetParameters {}", names.join(" "));
        let call = Call { doing: &format!("look at {}", names[0]), request: &request };
        let asked = self.session.ssm().await?.get_parameters();
        let asked = asked.set_names(Some(names.iter().map(|&name| name.to_owned()).collect()));
        let answer = asked.with_decryption(false).send().await;
        let answer = answer.map_err(|error| failure::of(&self.session, call, &error))?;
        let found = answer.parameters().iter().filter_map(|parameter| {
            let is_secure = parameter.r#type() == Some(&ParameterType::SecureString);
            Some((
                parameter.name()?.to_owned(),
                Parameter { version: parameter.version(), is_secure },
            ))
        });
        Ok(found.collect())
    }

    /// The last parts of the names right below a path, page by page. Nothing is decrypted.
    pub(super) async fn names_below(&self, path: &str) -> Result<BTreeSet<String>, FacetError> {
        let request = format!("ssm:GetParametersByPath {path}");
        let call = Call { doing: &format!("list the parameters below {path}"), request: &request };
        let client = self.session.ssm().await?;
        let asked = client.get_parameters_by_path().path(path).with_decryption(false);
        let mut pages = asked.into_paginator().send();
        let mut names = BTreeSet::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failure::of(&self.session, call, &error))?;
            let found = page.parameters().iter().filter_map(|found| found.name());
            names.extend(found.filter_map(|name| Some(name.rsplit_once('/')?.1.to_owned())));
        }
        Ok(names)
    }

    /// The tags of a parameter; none where it is not there.
    pub(super) async fn tags(&self, name: &str) -> Result<Tags, FacetError> {
        let request = format!("ssm:ListTagsForResource {name}");
        let call = Call { doing: &format!("see whose {name} is"), request: &request };
        let client = self.session.ssm().await?;
        let asked = client
            .list_tags_for_resource()
            .resource_type(ResourceTypeForTagging::Parameter)
            .resource_id(name)
            .send()
            .await;
        match asked {
            Ok(answer) => {
                let tags = answer.tag_list().iter();
                Ok(tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
            }
            Err(error) if error.code() == Some("InvalidResourceId") => Ok(Tags::new()),
            Err(error) => Err(failure::of(&self.session, call, &error)),
        }
    }

    /// Writes tags over those of the same key.
    pub(super) async fn tag(&self, name: &str, tags: &Tags) -> Result<(), FacetError> {
        let request = format!("ssm:AddTagsToResource {name}");
        let call = Call { doing: &format!("note whose {name} is"), request: &request };
        let client = self.session.ssm().await?;
        let asked = client
            .add_tags_to_resource()
            .resource_type(ResourceTypeForTagging::Parameter)
            .resource_id(name)
            .set_tags(Some(listed(tags)))
            .send()
            .await;
        asked.map(drop).map_err(|error| failure::of(&self.session, call, &error))
    }

    /// The value, decrypted; `None` where there is none.
    pub(super) async fn value(&self, name: &str) -> Result<Option<SecretValue>, FacetError> {
        let request = format!("ssm:GetParameter {name}, decrypted");
        let call = Call { doing: &format!("read {name}"), request: &request };
        let asked =
            self.session.ssm().await?.get_parameter().name(name).with_decryption(true).send().await;
        match asked.map_err(|error| failure::of(&self.session, call, &error)) {
            Ok(answer) => Ok(answer.parameter.and_then(|found| found.value).map(SecretValue::new)),
            Err(error) if error.fault == Fault::Missing => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a value; the version that it has, or [`Fault::Occupied`] where a new one was to be made and one is there.
    pub(super) async fn put(&self, put: Put<'_>) -> Result<i64, FacetError> {
        let Put { name, value, write, tags } = put;
        let request = format!("ssm:PutParameter {name}");
        let call = Call { doing: &format!("write {name}"), request: &request };
        let client = self.session.ssm().await?;
        let asked = client
            .put_parameter()
            .name(name)
            .value(value.expose())
            .r#type(ParameterType::SecureString)
            .tier(ParameterTier::Standard)
            .set_key_id(self.session.settings().kms_key.clone())
            .description(described(write))
            .overwrite(tags.is_none())
            .set_tags(tags.as_ref().map(listed));
        asked.send().await.map(|answer| answer.version()).map_err(|error| {
            let told = failure::of(&self.session, call, &error);
            FacetError { cause: discreet(&error, told.fault, told.cause), ..told }
        })
    }

    /// Removes a parameter; one that is gone already is no error.
    pub(super) async fn delete(&self, name: &str) -> Result<(), FacetError> {
        let request = format!("ssm:DeleteParameter {name}");
        let call = Call { doing: &format!("remove {name}"), request: &request };
        let asked = self.session.ssm().await?.delete_parameter().name(name).send().await;
        match asked.map_err(|error| failure::of(&self.session, call, &error)) {
            Err(error) if error.fault == Fault::Missing => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// The versions of a parameter that a write made. Nothing is decrypted.
    pub(super) async fn versions_of(
        &self,
        name: &str,
        write: &str,
    ) -> Result<Vec<i64>, FacetError> {
        let request = format!("ssm:GetParameterHistory {name}");
        let call = Call { doing: &format!("see who wrote {name}"), request: &request };
        let client = self.session.ssm().await?;
        let asked = client.get_parameter_history().name(name).with_decryption(false);
        let mut pages = asked.into_paginator().send();
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await {
            match page.map_err(|error| failure::of(&self.session, call, &error)) {
                Ok(page) => {
                    let ours = page.parameters().iter().filter(|version| {
                        version.description().is_some_and(|text| text == described(write))
                    });
                    versions.extend(ours.map(aws_sdk_ssm::types::ParameterHistory::version));
                }
                Err(error) if error.fault == Fault::Missing => return Ok(Vec::new()),
                Err(error) => return Err(error),
            }
        }
        Ok(versions)
    }
}

/// What a version says of the write that made it.
fn described(write: &str) -> String {
    format!("appenv write {write}")
}

fn listed(tags: &Tags) -> Vec<Tag> {
    // Built of both, it cannot fail.
    tags.iter()
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}

/// Why a write of a value failed. AWS quotes what it refuses, so of that the code alone is told.
fn discreet<E: ProvideErrorMetadata>(error: &SdkError<E>, fault: Fault, cause: String) -> String {
    match error {
        SdkError::ServiceError(refused) if fault == Fault::Rejected => {
            let code = refused.err().code().unwrap_or("an unknown error");
            format!(
                "{} (its words are left out, since they may quote the value)",
                code.escape_debug()
            )
        }
        _ => cause,
    }
}
