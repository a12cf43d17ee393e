// SPDX-License-Identifier: MPL-2.0
//! Functions: pure, one a file or folder. None reads the provider configuration, so all work where there is none.
//!
//! - [`Names`], [`Instance`], [`StatePrefix`]: from a coordinate to its names; [`ParseInstance`]: back.
//! - [`ArgocdApplication`], [`Runbook`]: texts for one instance, with what else they say in the options.
//! - [`DotenvEncode`], [`DotenvDecode`]: dotenv files.
//! - `asking`: their common parameters, and the argument that an error is about. `options`: the dynamic argument.

mod argocd_application;
mod asking;
mod dotenv_decode;
mod dotenv_encode;
mod instance;
mod names;
mod options;
mod parse_instance;
mod runbook;
mod state_prefix;

pub use argocd_application::ArgocdApplication;
pub use dotenv_decode::DotenvDecode;
pub use dotenv_encode::DotenvEncode;
pub use instance::Instance;
pub use names::Names;
pub use options::KEYS;
pub use parse_instance::ParseInstance;
pub use runbook::Runbook;
pub use state_prefix::StatePrefix;
