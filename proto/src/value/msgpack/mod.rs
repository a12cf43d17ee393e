// SPDX-License-Identifier: MPL-2.0
//! MessagePack, as the CLI speaks it.
//!
//! What stands for what is set by the protocol's object wire format: objects are maps with every attribute present,
//! unknown is an extension value, and a number is an integer, a float or a decimal string.

mod decode;
mod encode;
mod reader;

pub use decode::decode;
pub use encode::encode;

/// The one encoding of unknown that is written: extension type 0 with one zero byte.
const UNKNOWN: [u8; 3] = [0xd4, 0x00, 0x00];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
