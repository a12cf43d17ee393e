// SPDX-License-Identifier: MPL-2.0
//! What a plan would do, told to a reviewer: pure, from the events of `plan -json` and the plan's own JSON.
//!
//! # Layout
//!
//! - [`read_events`], [`read_plan`]: what the two tools print, read as a stream; [`Unreadable`]: why it cannot be.
//! - `told`: the provider's own diagnostics, which hold refusals and digests; `document`: what a digest stands for.
//! - `lenient`: the few attributes that may be shown, and which of them are sensitive.
//! - [`Report`]: both together, grouped by instance; [`Verdict`]: the one answer.
//! - [`markdown`], [`json`]: the two ways it is told; `escape`: how a text of others stays a text.

mod action;
mod address;
mod document;
mod escape;
mod events;
mod found;
mod group;
pub mod json;
mod lenient;
mod line;
pub mod markdown;
mod plan;
mod shown;
mod told;
mod unreadable;
mod verdict;

pub use action::{Action, Counts};
pub use events::{Events, read_events};
pub use group::{Change, Decision, Instance, Others, Refusal, Report};
pub use plan::{Plan, read_plan};
pub use unreadable::{Input, Unreadable};
pub use verdict::Verdict;
