// SPDX-License-Identifier: MPL-2.0
//! The command-line tools the provider has to work with: `tofu` and `terraform`.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{account, provider};

/// One CLI on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cli {
    /// Which product it is.
    pub product: Product,
    /// Its version, `1.11.4`.
    pub version: String,
    /// The program.
    pub program: PathBuf,
}

/// The two products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// OpenTofu.
    OpenTofu,
    /// Terraform.
    Terraform,
}

// === impl Cli ===

impl Cli {
    /// Every CLI there is; a test runs with each of them.
    ///
    /// `TF_ACC_CLI_PATHS` replaces the look on the search path, see [`Cli::listed`].
    pub fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Cli>> = OnceLock::new();
        ALL.get_or_init(|| {
            if let Some(paths) = std::env::var_os("TF_ACC_CLI_PATHS") {
                return Self::listed(&paths).unwrap_or_else(|told| panic!("{told}"));
            }
            let found = ["tofu", "terraform"].into_iter().filter_map(account::on_path);
            let all: Result<Vec<_>, _> = found.map(|program| Self::at(&program)).collect();
            let all = all.unwrap_or_else(|told| panic!("{told}"));
            assert!(
                !all.is_empty(),
                "neither `tofu` nor `terraform` is on PATH and TF_ACC_CLI_PATHS is not set: acceptance tests \
                 drive a real CLI, install one (https://opentofu.org/docs/intro/install)"
            );
            all
        })
    }

    /// The programs of a list, separated as in `PATH`: absolute, relative to the project, or a name on the search path.
    ///
    /// Tells what is wrong with the list where an entry is empty, is no program, or is neither product.
    pub fn listed(paths: &OsStr) -> Result<Vec<Self>, String> {
        let told = |what: String| {
            format!(
                "TF_ACC_CLI_PATHS is {}, and {what}. Next: list the programs of OpenTofu or Terraform, separated by `:`, \
                 or unset it, and those on PATH are taken.",
                paths.display()
            )
        };
        let programs = std::env::split_paths(paths).map(|entry| {
            if entry.as_os_str().is_empty() {
                return Err(told("an entry of it is empty".to_owned()));
            }
            let program = match entry.to_str() {
                Some(name) if !name.contains('/') => account::on_path(name),
                _ => Some(provider::root().join(&entry)).filter(|program| program.is_file()),
            };
            let program =
                program.ok_or_else(|| told(format!("there is no program {}", entry.display())))?;
            Self::at(&program).map_err(told)
        });
        programs.collect()
    }

    /// The first CLI there is; for what does not depend on the product.
    pub fn any() -> &'static Self {
        &Self::all()[0]
    }

    fn at(program: &Path) -> Result<Self, String> {
        let output = Command::new(program)
            .arg("version")
            .env_clear()
            .env("PATH", account::search_path())
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (product, version) = parse_version(&text).ok_or_else(|| {
            format!("{} is neither tofu nor terraform: `version` says {text:?}", program.display())
        })?;
        Ok(Self { product, version, program: program.to_owned() })
    }

    /// The host that a `source` address without one means.
    pub fn registry(&self) -> &'static str {
        self.product.registry()
    }

    /// Whether it is at least that version; the two products count alike up to 1.6 and apart since.
    pub fn is_at_least(&self, major: u32, minor: u32) -> bool {
        let mut parts = self.version.split('.').map_while(|part| part.parse::<u32>().ok());
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (major, minor)
    }
}

impl fmt::Display for Cli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.product, self.version)
    }
}

// === impl Product ===

impl Product {
    /// The command's name.
    pub fn command(self) -> &'static str {
        match self {
            Self::OpenTofu => "tofu",
            Self::Terraform => "terraform",
        }
    }

    /// The product's own registry.
    pub fn registry(self) -> &'static str {
        match self {
            Self::OpenTofu => "registry.opentofu.org",
            Self::Terraform => "registry.terraform.io",
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OpenTofu => "OpenTofu",
            Self::Terraform => "Terraform",
        })
    }
}

/// Reads the first line of `version`: `OpenTofu v1.10.6` or `Terraform v1.11.4`.
fn parse_version(text: &str) -> Option<(Product, String)> {
    let line = text.lines().find(|line| line.contains(" v"))?;
    let (name, version) = line.trim().split_once(" v")?;
    let product = match name {
        "OpenTofu" => Product::OpenTofu,
        "Terraform" => Product::Terraform,
        _ => return None,
    };
    Some((product, version.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tells_the_products_apart() {
        let tofu = parse_version("OpenTofu v1.10.6\non linux_amd64\n").unwrap();
        assert_eq!(tofu, (Product::OpenTofu, "1.10.6".to_owned()));
        let terraform = parse_version("Terraform v1.11.4\non linux_amd64\n").unwrap();
        assert_eq!(terraform, (Product::Terraform, "1.11.4".to_owned()));
        assert_eq!(parse_version("Packer v1.0.0"), None);
    }

    #[test]
    fn compares_versions_by_number() {
        let cli = |version: &str| Cli {
            product: Product::OpenTofu,
            version: version.to_owned(),
            program: PathBuf::new(),
        };
        assert!(cli("1.10.6").is_at_least(1, 9));
        assert!(!cli("1.9.4").is_at_least(1, 10));
    }
}
