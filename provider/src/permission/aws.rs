// SPDX-License-Identifier: MPL-2.0
//! The IAM policy for AWS.
//!
//! Which actions take which resources: Service Authorization Reference, "AWS Systems Manager" and "AWS KMS".

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Run, Uses};

/// Where, and whose parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// `eu-west-3`; `None`: any.
    pub region: Option<String>,
    /// The account's number; `None`: any.
    pub account: Option<String>,
    /// The key of secrets: id, ARN or `alias/…`; `None`: any key that Parameter Store uses.
    pub kms_key: Option<String>,
    /// Parameter paths of secrets, with a leading slash; `*` is any characters.
    pub paths: BTreeSet<String>,
}

/// A policy, its fields in the order in which they are usually written.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: &'static str,
    effect: &'static str,
    action: Vec<&'static str>,
    resource: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

const REGISTRY_READ: [&str; 2] = ["ssm:GetParameter", "ssm:GetParametersByPath"];
// The history tells whether a write whose answer was lost has landed.
const REGISTRY_WRITE: [&str; 2] = ["ssm:GetParameterHistory", "ssm:PutParameter"];
const SECRETS_READ: [&str; 3] =
    ["ssm:GetParameters", "ssm:GetParameterHistory", "ssm:ListTagsForResource"];
const SECRETS_WRITE: [&str; 7] = [
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParameterHistory",
    "ssm:PutParameter",
    "ssm:DeleteParameter",
    "ssm:ListTagsForResource",
    "ssm:AddTagsToResource",
];

/// The policy as JSON, indented, with a line end.
pub fn policy(layout: &Layout, uses: Uses, run: Run) -> String {
    let arn = |path: &str| layout.arn("ssm", &format!("parameter{path}"));
    let mut registry = REGISTRY_READ.to_vec();
    if run == Run::Apply {
        registry.extend(REGISTRY_WRITE);
    }
    let mut statements = vec![
        statement("Registry", &registry, vec![arn("/appenv/*")]),
        statement("RegistryOfAllApps", &REGISTRY_READ[1..], vec![arn("/appenv")]),
    ];
    if uses.secrets {
        let actions = if run == Run::Plan { &SECRETS_READ[..] } else { &SECRETS_WRITE };
        let paths = layout.paths.iter().map(|path| arn(&format!("{path}/*"))).collect();
        statements.push(statement("Secrets", actions, paths));
        if run == Run::Apply {
            statements.push(layout.key());
        }
    }
    let policy = Policy { version: "2012-10-17", statement: statements };
    // Strings and lists of strings cannot fail.
    serde_json::to_string_pretty(&policy).unwrap_or_default() + "\n"
}

fn statement(sid: &'static str, actions: &[&'static str], resource: Vec<String>) -> Statement {
    let resource = match <[String; 1]>::try_from(resource) {
        Ok([one]) => json!(one),
        Err(several) => json!(several),
    };
    Statement { sid, effect: "Allow", action: actions.to_vec(), resource, condition: None }
}

// === impl Layout ===

impl Layout {
    fn arn(&self, service: &str, resource: &str) -> String {
        let any = |text: &Option<String>| text.as_deref().unwrap_or("*").to_owned();
        format!("arn:aws:{service}:{}:{}:{resource}", any(&self.region), any(&self.account))
    }

    /// The key, by way of Parameter Store alone.
    fn key(&self) -> Statement {
        let through = format!("ssm.{}.amazonaws.com", self.region.as_deref().unwrap_or("*"));
        let mut condition = json!({ "StringLike": { "kms:ViaService": through } });
        let key = match self.kms_key.as_deref() {
            Some(arn) if arn.starts_with("arn:") && !arn.contains(":alias/") => arn.to_owned(),
            // A policy cannot name a key by its alias, but it can ask for one that has it.
            Some(alias) if alias.contains("alias/") => {
                let name = alias.rsplit_once(':').map_or(alias, |(_, name)| name);
                condition["ForAnyValue:StringEquals"] = json!({ "kms:ResourceAliases": name });
                self.arn("kms", "key/*")
            }
            Some(id) => self.arn("kms", &format!("key/{id}")),
            None => self.arn("kms", "key/*"),
        };
        Statement {
            condition: Some(condition),
            ..statement("KeyOfSecrets", &["kms:Encrypt", "kms:Decrypt"], vec![key])
        }
    }
}
