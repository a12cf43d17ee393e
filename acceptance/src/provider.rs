// SPDX-License-Identifier: MPL-2.0
//! The provider's own binary, and where the project keeps things.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The binary's name, as the CLI wants it.
pub const PROGRAM: &str = "terraform-provider-appenv";

/// What follows the registry's host in a `source` address.
pub const SOURCE: &str = "arcodange/appenv";

/// The built provider: `APPENV_PROVIDER`, else what `cargo build` makes, once a run.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("APPENV_PROVIDER").map(PathBuf::from) {
            let path = std::path::absolute(&path).unwrap_or(path);
            assert!(path.is_file(), "APPENV_PROVIDER is {}: no such file", path.display());
            return path;
        }
        build();
        target_dir().join("debug").join(PROGRAM)
    })
}

fn build() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--package", PROGRAM, "--bin", PROGRAM])
        .current_dir(root())
        .status()
        .expect("cargo can be started, or APPENV_PROVIDER names a built provider");
    assert!(status.success(), "the provider does not build");
}

/// The project's directory.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().expect("the crate is in the workspace").to_owned()
}

/// Cargo's target directory.
pub fn target_dir() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    named.map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Where pip has put packages in the project's `.tools/venv`.
pub fn site_packages() -> impl Iterator<Item = PathBuf> {
    let lib = root().join(".tools/venv/lib");
    std::fs::read_dir(lib)
        .into_iter()
        .flatten()
        .flatten()
        .map(|python| python.path().join("site-packages"))
}
