// SPDX-License-Identifier: MPL-2.0
//! Which Vaults there are to start.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

use super::program;
use crate::servers::choice::{self, Image, Product};

/// A server that can be started: a program of this machine, or a container where [`choice::VARIABLE`] names some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// OpenBao's program.
    Program(PathBuf),
    /// The image, of OpenBao or of HashiCorp Vault.
    Container(Image),
}

// === impl Kind ===

impl Kind {
    /// Every one there is, in the order in which they were named.
    pub fn all() -> Vec<Self> {
        let images = choice::images().iter().filter(|image| image.product != Product::Postgres);
        let kinds: Vec<Self> = images.cloned().map(Self::Container).collect();
        if kinds.is_empty() { vec![Self::Program(program())] } else { kinds }
    }

    /// The first one.
    pub fn first() -> Self {
        Self::all().swap_remove(0)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program(program) => {
                // `OpenBao v2.7.2 (9e0a0d3c…), committed …`
                let output = Command::new(program).arg("version").output();
                let said = output.map(|output| output.stdout).unwrap_or_default();
                let said = String::from_utf8_lossy(&said);
                let version: Vec<&str> = said.split_whitespace().take(2).collect();
                write!(f, "{} (program {})", version.join(" "), program.display())
            }
            Self::Container(image) => {
                write!(f, "{} {} (container {image})", image.product.name(), image.tag)
            }
        }
    }
}
