// SPDX-License-Identifier: MPL-2.0
//! A release without a network: laid out as a mirror, taken by the CLI, and refused where it is not what was released.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::scratch::Scratch;
use acceptance::{Cli, Workspace, provider};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::release::{VERSION, done, refused, tool};

const HOSTS: [&str; 2] = ["registry.opentofu.org", "registry.terraform.io"];

fn platform() -> &'static str {
    if cfg!(target_arch = "aarch64") { "linux_arm64" } else { "linux_amd64" }
}

fn zip_name() -> String {
    format!("terraform-provider-appenv_{VERSION}_{}.zip", platform())
}

/// Packs a program as `make release` does.
fn pack(program: &Path, out: &Path) {
    let mut command = tool("release");
    command.args(["--snapshot", "--unsigned", "--without-sbom", "--out"]).arg(out);
    command.arg("--program").arg(format!("{}={}", platform(), program.display()));
    done(&mut command);
}

fn stand_in(scratch: &Scratch) -> PathBuf {
    let program = scratch.join("stand-in");
    fs::write(&program, "#!/bin/sh\nexit 1\n").unwrap();
    program
}

/// The CLI in a network name space of its own, where that is permitted: not even the loopback is up there.
fn cut_off(cli: &Cli, scratch: &Scratch) -> Cli {
    let alone = ["unshare --net", "unshare --map-root-user --net"].into_iter().find(|unshare| {
        Command::new("sh")
            .args(["-c", &format!("{unshare} true")])
            .output()
            .unwrap()
            .status
            .success()
    });
    let Some(unshare) = alone else { return cli.clone() };
    let wrapper = scratch.join(cli.product.command());
    let text = format!("#!/bin/sh\nexec {unshare} '{}' \"$@\"\n", cli.program.display());
    fs::write(&wrapper, text).unwrap();
    done(Command::new("chmod").arg("755").arg(&wrapper));
    Cli { program: wrapper, ..cli.clone() }
}

/// The built provider without what a debugger wants, most of it, so that packing takes no time.
fn stripped(scratch: &Scratch) -> PathBuf {
    let small = scratch.join("stripped");
    done(Command::new("strip").arg("--strip-debug").arg("-o").arg(&small).arg(provider::binary()));
    small
}

/// `h1:` of a directory with one file in it, as the lock files have it: the hash of a line of `sha256sum`.
fn h1(program: &Path) -> String {
    let line = done(Command::new("sha256sum").arg(program));
    let hex = line.split_whitespace().next().unwrap();
    let line = format!("{hex}  terraform-provider-appenv_v{VERSION}\n");
    format!("h1:{}", STANDARD.encode(Sha256::digest(line)))
}

#[test]
fn a_machine_without_network_takes_it_from_a_mirror() {
    let scratch = Scratch::new("release");
    let (dist, mirror) = (scratch.join("dist"), scratch.join("mirror"));
    let program = stripped(&scratch);
    pack(&program, &dist);
    done(tool("mirror").args([&mirror, &dist]));
    for cli in Cli::all() {
        let mut ws = Workspace::without_provider(&cut_off(cli, &scratch)).without_trace();
        let config = ws.root().join("mirror.tfrc");
        let text = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path    = \"{}\"\n    include = [\"{}/{}\"]\n  }}\n}}\n",
            mirror.display(),
            cli.registry(),
            provider::SOURCE
        );
        fs::write(&config, text).unwrap();
        let (config, root) = (config.display().to_string(), ws.root().join("apps"));
        ws.set_env("TF_CLI_CONFIG_FILE", &config);
        // Nobody listens there, should name spaces not be permitted.
        for proxy in ["HTTP_PROXY", "HTTPS_PROXY"] {
            ws.set_env(proxy, "http://127.0.0.1:9");
        }
        fs::create_dir(&root).unwrap();
        ws.set_env("TF_VAR_root", root.to_str().unwrap());
        ws.copy_from("examples/host-only");
        let run = ws.run(&["init", "-no-color"]);
        assert_eq!(run.code, Some(0), "{run}");
        let lock = fs::read_to_string(ws.dir().join(".terraform.lock.hcl")).unwrap();
        assert!(lock.contains(&format!("\"{}/{}\"", cli.registry(), provider::SOURCE)), "{lock}");
        assert!(lock.contains(&h1(&program)), "{lock}");
        assert_eq!(ws.plan().code, Some(2));
        ws.apply();
        assert!(root.join("karmyq/staging/karmyq").is_dir());
        assert_eq!(ws.plan().code, Some(0));
        ws.destroy();

        // Another program under the same version.
        let other = scratch.join("other");
        pack(&stand_in(&scratch), &other);
        fs::remove_dir_all(ws.dir().join(".terraform")).unwrap();
        let own = mirror.join(cli.registry()).join(provider::SOURCE).join(zip_name());
        fs::copy(other.join(zip_name()), &own).unwrap();
        let run = ws.run(&["init", "-no-color"]);
        let told = format!("{run}").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(run.code, Some(1), "{told}");
        assert!(told.contains("any of the checksums"), "{told}");
    }
}

#[test]
fn a_mirror_holds_what_was_released_for_both_hosts_and_nothing_else() {
    let scratch = Scratch::new("release");
    let (dist, mirror) = (scratch.join("dist"), scratch.join("mirror"));
    pack(&stand_in(&scratch), &dist);
    let lay_out = || {
        let mut command = tool("mirror");
        command.args([&mirror, &dist]);
        command
    };
    done(&mut lay_out());
    let released = fs::read(dist.join(zip_name())).unwrap();
    for host in HOSTS {
        let dir = mirror.join(host).join("arcodange/appenv");
        assert_eq!(fs::read(dir.join(zip_name())).unwrap(), released);
        assert_eq!(fs::read_dir(dir).unwrap().count(), 1);
    }
    fs::remove_dir_all(&mirror).unwrap();

    let extra = zip_name().replace(platform(), "linux_riscv64");
    fs::copy(dist.join(zip_name()), dist.join(&extra)).unwrap();
    refused(&mut lay_out(), &format!("{extra} is not in"), "remove it");
    fs::remove_file(dist.join(&extra)).unwrap();

    fs::write(dist.join(zip_name()), [&released[..], b"!"].concat()).unwrap();
    refused(&mut lay_out(), &format!("{} is not what", zip_name()), "download it again");
    fs::remove_file(dist.join(zip_name())).unwrap();
    refused(&mut lay_out(), "holds no zip", "download");
    fs::remove_file(dist.join(format!("terraform-provider-appenv_{VERSION}_SHA256SUMS"))).unwrap();
    refused(&mut lay_out(), "holds no release", "FROM=");
    refused(&mut tool("mirror"), "no directory is named", "DIR=");
    assert!(!mirror.exists(), "a refused mirror was laid out");
}

#[test]
fn a_local_build_is_installed_for_both_hosts_and_a_stale_lock_is_told() {
    let scratch = Scratch::new("release");
    let (home, program) = (scratch.dir("home"), stand_in(&scratch));
    let install = || {
        let mut command = tool("install-local");
        command.arg(&program).env("HOME", &home).env_remove("TF_CLI_CONFIG_FILE");
        done(&mut command)
    };
    let place = |host: &str| {
        let plugins = home.join(".terraform.d/plugins").join(host).join("arcodange/appenv");
        plugins.join(format!("{VERSION}/{}/terraform-provider-appenv_v{VERSION}", platform()))
    };
    for _ in 0..2 {
        assert!(!install().contains("Next: "), "the same bytes make no lock stale");
    }
    fs::write(&program, "#!/bin/sh\nexit 2\n").unwrap();
    let told = install();
    assert!(
        told.contains("any of the checksums") && told.contains(".terraform.lock.hcl"),
        "{told}"
    );
    for host in HOSTS {
        assert_eq!(fs::read(place(host)).unwrap(), fs::read(&program).unwrap());
    }
}
