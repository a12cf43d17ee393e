// SPDX-License-Identifier: MPL-2.0
//! `argocd_application(app, env, options)`: the Application by which Argo CD runs an instance, in YAML.
//!
//! # Layout
//!
//! - `wish`: the key `argocd` of the options. `manifest`: what is written. `yaml`: how.

mod manifest;
mod wish;
mod yaml;

use tfplugin::function::{ArgumentError, Function, Signature};
use tfplugin::value::Type;

use super::asking::{self, Asked};

/// The function `argocd_application`.
pub struct ArgocdApplication;

impl Function for ArgocdApplication {
    type Arguments = Asked;
    type Output = String;
    const NAME: &'static str = "argocd_application";

    fn signature() -> Signature {
        Signature {
            parameters: asking::parameters(),
            variadic: None,
            returns: Type::String,
            summary: "The Argo CD Application of an instance".to_owned(),
            description: "Answers the YAML of one Application (argoproj.io/v1alpha1): named and placed as the instance is, \
                          from the repository that the key `argocd` of the options names. In production nothing is synced \
                          by itself unless that says so."
                .to_owned(),
        }
    }

    fn call(&self, asked: Asked) -> Result<String, ArgumentError> {
        let (answer, wish) = asking::with(&asked, wish::KEY, wish::read)?;
        Ok(yaml::text_of(&manifest::of(&answer, &wish)))
    }
}
