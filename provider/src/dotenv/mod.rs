// SPDX-License-Identifier: MPL-2.0
//! Dotenv files: values that every common reader reads alike, and files whose other lines stay as they are. Pure.
//!
//! There is no standard. POSIX `sh` (`. ./.env`), Docker Compose and python-dotenv each read quotes, backslashes and
//! `$` in their own way, so [`encode`] writes only what all three read back to the same value, and refuses the rest
//! with the reason. [`Document`] changes single keys of a file and keeps comments, order and foreign keys.

mod document;
pub mod key;
mod read;
mod write;

pub use document::Document;
pub use key::{KeyError, check as check_key};
pub use read::{Line, ReadError, decode};
pub use write::{EncodeError, encode, render};
