// SPDX-License-Identifier: MPL-2.0
//! Keeps `src/gen` what `*.proto` says: generates it anew and fails where it differs.
//!
//! `TFPLUGIN_BOOTSTRAP=1 cargo test -p tfplugin --test bootstrap` writes it.

#![allow(clippy::disallowed_methods, reason = "tests and their doubles are the world")]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::{env, fs};

/// The package of each file, and the name of what is generated from it.
const PACKAGES: [(&str, &str); 3] =
    [("tfplugin6", "tfplugin6"), ("plugin", "plugin"), ("grpc.health.v1", "health")];

#[test]
fn generated_code_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fresh = tempfile::tempdir().unwrap();
    let files =
        protox::compile(["tfplugin6.proto", "plugin.proto", "health.proto"], [root]).unwrap();
    tonic_prost_build::configure()
        .build_server(true)
        .build_client(true)
        .client_mod_attribute(".", "#[cfg(test)]")
        .generate_default_stubs(true)
        .btree_map(".")
        .emit_rerun_if_changed(false)
        .out_dir(fresh.path())
        .compile_fds(files)
        .unwrap();

    let write = env::var_os("TFPLUGIN_BOOTSTRAP").is_some();
    for (package, name) in PACKAGES {
        let made = fs::read_to_string(fresh.path().join(format!("{package}.rs"))).unwrap();
        let kept = root.join(format!("src/gen/{name}.rs"));
        if write {
            fs::write(&kept, &made).unwrap();
        }
        assert!(
            fs::read_to_string(&kept).is_ok_and(|kept| kept == made),
            "{} is not what the .proto files say: run this test with TFPLUGIN_BOOTSTRAP=1 and commit",
            kept.display()
        );
    }
    assert_eq!(
        fs::read_dir(fresh.path()).unwrap().count(),
        PACKAGES.len(),
        "a package without a name in PACKAGES"
    );
}
