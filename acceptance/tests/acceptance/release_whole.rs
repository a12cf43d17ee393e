// SPDX-License-Identifier: MPL-2.0
//! A release from a tag, whole, and built once more for comparison. A compiler that only notes how it was called stands
//! in for Rust's: what the real one makes is compared by `make release-check`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use acceptance::scratch::Scratch;

use crate::release::{VERSION, asset, done, git, names, refused, repository, tool_of};

/// Builds a program that says for which target it is, and with `LEAK` where it was built.
const CARGO: &str = r#"#!/bin/sh
case "$1" in
  zigbuild)
    while [ "$1" != --target ]; do shift; done
    out=$CARGO_TARGET_DIR/$2/release
    mkdir -p "$out"
    {
      # The head of a program without parts: nothing in it asks for a library.
      printf '\177ELF\002\001\001'; head -c 9 /dev/zero
      printf '\002\000\076\000\001'; head -c 31 /dev/zero
      printf '\100\000\070\000\000\000\100'; head -c 5 /dev/zero
      echo "for $2 $SOURCE_DATE_EPOCH ${LEAK:+$PWD}"
    } > "$out/terraform-provider-appenv"
    printf '%s\n' "$RUSTFLAGS" "$CFLAGS_x86_64_unknown_linux_musl" > "$out/flags" ;;
  cyclonedx)
    while [ "$1" != --manifest-path ]; do shift; done
    dir=$(dirname "$2")
    printf '{"bom-ref":"path+file://%s"}' "$dir" > "$dir/bom.json" ;;
esac
"#;

fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What `tools/release-versions` pins.
fn pinned(root: &Path, name: &str) -> String {
    let text = fs::read_to_string(root.join("tools/release-versions")).unwrap();
    let start = format!("{name}=");
    text.lines().find_map(|line| line.strip_prefix(&start)).unwrap().to_owned()
}

#[test]
fn a_tag_becomes_a_whole_release_and_builds_to_the_same_bytes_elsewhere() {
    let scratch = Scratch::new("release");
    let root = repository(&scratch, &format!("## {VERSION} (May 2, 2030)"));
    for crate_name in ["proto", "provider", "acceptance"] {
        let dir = root.join(crate_name);
        fs::create_dir_all(dir.join("src")).unwrap();
        fs::write(dir.join("Cargo.toml"), "").unwrap();
    }
    git(&root, &["add", "."]);
    git(&root, &["commit", "--quiet", "--message=crates"]);
    git(&root, &["tag", &format!("v{VERSION}")]);

    let (tools, cargo, rustc) =
        (scratch.join("tools"), scratch.join("cargo"), scratch.join("rustc"));
    program(&cargo, CARGO);
    let here = scratch.path().display().to_string();
    let version = pinned(&root, "rust");
    program(
        &rustc,
        &format!(
            "#!/bin/sh\ncase \"$1\" in --print) echo {here} ;; *) echo 'rustc {version} (0)'; echo 'commit-hash: 0' ;; esac\n"
        ),
    );
    for name in ["cargo-zigbuild", "python-zig"] {
        program(&tools.join("venv/bin").join(name), "#!/bin/sh\n");
    }
    let cyclonedx = pinned(&root, "cargo_cyclonedx");
    program(
        &tools.join("bin/cargo-cyclonedx"),
        &format!("#!/bin/sh\necho cyclonedx {cyclonedx}\n"),
    );
    let run = |name: &str, args: &[&Path], leak: &str| {
        let mut command = tool_of(&root, name);
        command.args(args).env("CARGO", &cargo).env("RUSTC", &rustc).env("RELEASE_TOOLS", &tools);
        command.env("CARGO_HOME", scratch.join("cargo-home")).env("LEAK", leak);
        command
    };

    let out = scratch.join("out");
    let release = [Path::new("--unsigned"), Path::new("--out"), &out];
    let told = done(&mut run("release", &release, ""));
    let notes: Vec<&str> = told.lines().filter(|line| line.starts_with("Note: ")).collect();
    assert_eq!(notes, ["Note: it is not signed, so no registry takes it."]);
    let platforms = ["linux_amd64", "linux_arm64"];
    let of_each = platforms
        .iter()
        .flat_map(|platform| ["cdx.json", "zip"].map(|end| format!("{platform}.{end}")));
    let assets = of_each.chain(["SHA256SUMS", "manifest.json"].map(str::to_owned));
    let assets: BTreeSet<_> = assets.map(|end| asset(&end)).collect();
    assert_eq!(names(&out), assets);
    let bom = fs::read_to_string(out.join(asset("linux_arm64.cdx.json"))).unwrap();
    assert_eq!(bom, r#"{"bom-ref":"path+file:///appenv/provider"}"#);

    // Nothing of the machine gets into the programs.
    let target = root.join("target/release-build");
    let flags = target.join("x86_64-unknown-linux-musl/release/flags");
    let flags = fs::read_to_string(flags).unwrap();
    let (rust, c) = flags.split_once('\n').unwrap();
    assert!(rust.contains("target-feature=+crt-static"), "{rust}");
    for (path, name) in
        [(&root, "/appenv"), (&target, "/target"), (&scratch.join("cargo-home"), "/cargo")]
    {
        assert!(rust.contains(&format!("--remap-path-prefix={}={name}", path.display())), "{rust}");
        assert!(c.contains(&format!("-ffile-prefix-map={}/={name}/", path.display())), "{c}");
    }

    let told = done(&mut run("release-check", &[&out], ""));
    assert_eq!(
        told.lines().filter(|line| line.starts_with("same ")).count(),
        platforms.len(),
        "{told}"
    );
    let mut leaking = run("release-check", &[&out, Path::new("linux_amd64")], "1");
    refused(&mut leaking, "does not build to what was released", "compare commit, Rust");
    let mut elsewhere = run("release-check", &[&out, Path::new("freebsd_amd64")], "");
    refused(&mut elsewhere, "has no freebsd_amd64", "name platforms");
    refused(&mut run("release-check", &[&tools], ""), "holds no release", "make release");
    assert!(
        Command::new("git")
            .args(["diff", "--quiet"])
            .current_dir(&root)
            .status()
            .unwrap()
            .success()
    );
}
