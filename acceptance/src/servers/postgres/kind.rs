// SPDX-License-Identifier: MPL-2.0
//! Which PostgreSQL servers there are to start.

use std::fmt;

use super::Install;
use crate::servers::choice::{self, Image, Product};

/// A server that can be started: a program of this machine, or a container where [`choice::VARIABLE`] names some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The program.
    Program(Install),
    /// The image.
    Container(Image),
}

// === impl Kind ===

impl Kind {
    /// Every one there is, oldest first.
    pub fn all() -> Vec<Self> {
        let images = choice::images().iter().filter(|image| image.product == Product::Postgres);
        let mut kinds: Vec<Self> = images.cloned().map(Self::Container).collect();
        if kinds.is_empty() {
            kinds = Install::all().into_iter().map(Self::Program).collect();
        }
        kinds.sort_by_key(Self::major);
        kinds
    }

    /// The newest one.
    pub fn newest() -> Self {
        Self::all().pop().expect("`all` finds one or panics")
    }

    /// The major version.
    pub fn major(&self) -> u32 {
        match self {
            Self::Program(install) => install.major,
            Self::Container(image) => image.major(),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(install) => {
                write!(f, "PostgreSQL {} (program {})", install.version, install.bin.display())
            }
            Self::Container(image) => write!(f, "PostgreSQL {} (container {image})", image.tag),
        }
    }
}
