// SPDX-License-Identifier: MPL-2.0
//! appenv: one application in one environment, as one resource.
//!
//! # Layout
//!
//! - [`naming`]: a coordinate becomes names; pure, depends on nothing.
//! - [`dotenv`]: values of dotenv files, written so that every reader agrees; pure.
//! - [`plan`]: what is wished, what was seen, and the difference; pure.
//! - [`gate`]: what needs approval; pure.
//! - [`permission`]: the least rights on each target, as texts; pure.
//! - [`registry`]: the record each target keeps of its own instances: types only.
//! - [`facet`]: effects, one folder an external system.
//! - [`store`]: where secrets live, one folder a store.
//! - [`settings`], [`clients`], [`configured`], [`run`]: the provider block, what it opens, one run and its memory.
//! - [`provider`]: the provider, and the list of what is offered.
//! - [`world`], [`state_address`]: what comes in from outside, and where the state lives.
//! - [`guard`]: what stands between a change and production, as diagnostics.
//! - [`wish`]: what an instance is to be, from its names and inputs.
//! - [`registered`]: a registered instance as its registries have it.
//! - [`secrets`]: which secret a configuration names, and in which store.
//! - [`inquiry`], [`resolved`]: names without an instance: the question, and the object that answers it.
//! - [`finding`], [`preflight`]: what a check found; checks of an instance against what stands.
//! - [`fleet`]: what all registries list, merged and judged; pure. [`parity`]: envs of an app side by side; pure.
//! - [`resource`], [`ephemeral`]: one folder a resource. [`data_source`], [`function`]: one file each.
//! - [`report`]: what a plan would do, told to a reviewer; pure.
//! - [`command`]: what the binary does by hand, one file a command.

pub mod clients;
pub mod command;
pub mod configured;
pub mod data_source;
pub mod dotenv;
pub mod ephemeral;
pub mod facet;
pub mod finding;
pub mod fleet;
pub mod function;
pub mod gate;
pub mod guard;
pub mod inquiry;
pub mod naming;

pub mod parity;
pub mod permission;
pub mod plan;
pub mod preflight;
pub mod provider;
pub mod registered;
pub mod registry;
pub mod report;
pub mod resolved;
pub mod resource;
pub mod run;
pub mod secrets;
pub mod settings;
pub mod state_address;
pub mod store;
pub mod wish;
pub mod world;
