// SPDX-License-Identifier: MPL-2.0
//! Every source file written by hand says its licence.

use std::process::Command;

use acceptance::provider;

#[test]
fn every_source_file_has_a_licence_header() {
    let root = provider::root();
    let output = Command::new(root.join("tools/licence-headers")).arg("--check").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    // The scan sees what it should: a file without one is named.
    let scratch = acceptance::scratch::Scratch::new("licence");
    for folder in ["tools", "provider/src", "proto", "acceptance"] {
        scratch.dir(folder);
    }
    let script = scratch.join("tools/licence-headers");
    std::fs::copy(root.join("tools/licence-headers"), &script).unwrap();
    let write = |name: &str, text: &str| std::fs::write(scratch.join(name), text).unwrap();
    write("GNUmakefile", "# a\n");
    write("provider/src/lib.rs", "//! A crate.\n");
    let check = || Command::new(&script).arg("--check").output().unwrap();
    let said = String::from_utf8_lossy(&check().stderr).into_owned();
    assert!(said.contains("header: GNUmakefile") && said.contains("provider/src/lib.rs"), "{said}");
    assert!(Command::new(&script).status().unwrap().success());
    assert!(check().status.success());
    let text = |name: &str| std::fs::read_to_string(scratch.join(name)).unwrap();
    let header = "SPDX-License-Identifier: MPL-2.0";
    assert_eq!(text("provider/src/lib.rs"), format!("// {header}\n//! A crate.\n"));
    assert_eq!(text("GNUmakefile"), format!("# {header}\n# a\n"));
}
