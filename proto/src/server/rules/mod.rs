// SPDX-License-Identifier: MPL-2.0
//! What a plan, a configuration and an answer must be like. Pure: values and schemas in, values and faults out.

mod config;
mod planned;
mod propose;
mod walk;

pub(super) use config::check as check_config;
pub(super) use planned::check as check_planned;
pub(super) use propose::{create as propose_create, update as propose_update};
pub(super) use walk::{exists, null_unknown, null_write_only, open_block, unknown_paths};
