// SPDX-License-Identifier: MPL-2.0
//! What `ssh-keygen` signs is accepted, and nothing else is.

use appenv::gate::signature::{Key, KeyError, SignatureError, check_by_fingerprint, verify};

use crate::keygen::Keygen;

const KINDS: [(&str, &str); 6] = [
    ("ed25519", ""),
    ("ecdsa", "256"),
    ("ecdsa", "384"),
    ("ecdsa", "521"),
    ("rsa", "2048"),
    ("rsa", "3072"),
];

#[test]
fn every_kind_of_key_signs_and_a_changed_file_is_told() {
    let bench = Keygen::new();
    for (kind, bits) in KINDS {
        let name = format!("{kind}{bits}");
        let key = Key::parse(&bench.key(&name, kind, bits)).unwrap();
        assert_eq!(key.fingerprint(), bench.fingerprint(&name));
        assert_eq!(key.comment(), name);
        // Numbers of ECDSA are shorter now and then.
        for round in 0..if kind == "ecdsa" { 40 } else { 3 } {
            let file = format!("file {round}\r\n\0\u{e9}").repeat(round);
            bench.write("file", &file);
            let signature = bench.sign("file", &name, "appenv");
            let keys = [key.clone()];
            let signed = verify(file.as_bytes(), &signature, &keys);
            assert_eq!(signed.as_deref(), Ok(key.fingerprint()), "{name}");
            let windows = signature.replace('\n', "\r\n");
            assert!(verify(file.as_bytes(), &windows, &keys).is_ok(), "{name}");
            let changed = format!("{file} ");
            assert_eq!(
                verify(changed.as_bytes(), &signature, &keys),
                Err(SignatureError::Changed(key.fingerprint().to_owned())),
                "{name}"
            );
        }
    }
}

#[test]
fn both_hashes_of_ssh_keygen_are_known() {
    let bench = Keygen::new();
    let key = Key::parse(&bench.key("rsa", "rsa", "3072")).unwrap();
    bench.write("file", "text");
    for hash in ["sha256", "sha512"] {
        let _ = std::fs::remove_file(bench.path().join("file.sig"));
        let ran = std::process::Command::new("ssh-keygen")
            .args([
                "-Y",
                "sign",
                "-q",
                "-n",
                "appenv",
                "-O",
                &format!("hashalg={hash}"),
                "-f",
                "rsa",
                "file",
            ])
            .current_dir(bench.path())
            .status()
            .unwrap();
        assert!(ran.success());
        assert!(
            verify(b"text", &bench.read("file.sig"), std::slice::from_ref(&key)).is_ok(),
            "{hash}"
        );
    }
}

#[test]
fn another_key_and_another_purpose_do_not_count() {
    let bench = Keygen::new();
    let alice = Key::parse(&bench.key("alice", "ed25519", "")).unwrap();
    let mallory = Key::parse(&bench.key("mallory", "ed25519", "")).unwrap();
    bench.write("file", "text");
    let signature = bench.sign("file", "mallory", "appenv");
    let other = SignatureError::OtherKey(mallory.fingerprint().to_owned());
    assert_eq!(verify(b"text", &signature, std::slice::from_ref(&alice)), Err(other.clone()));
    assert_eq!(verify(b"text", &signature, &[]), Err(other));
    assert!(verify(b"text", &signature, &[alice.clone(), mallory.clone()]).is_ok());
    let fingerprints = [mallory.fingerprint().to_owned()].into();
    assert!(check_by_fingerprint(b"text", &signature, &fingerprints).is_ok());
    for namespace in ["file", "git", "Appenv", "appenv2"] {
        let signature = bench.sign("file", "alice", namespace);
        assert_eq!(
            verify(b"text", &signature, std::slice::from_ref(&alice)),
            Err(SignatureError::Namespace(namespace.to_owned()))
        );
    }
}

/// A signature brings its key along: that of one key with the other's put into its place must not count.
#[test]
fn no_byte_of_a_signature_can_be_changed() {
    let bench = Keygen::new();
    for (kind, bits) in [("ed25519", ""), ("ecdsa", "256")] {
        let key = Key::parse(&bench.key(kind, kind, bits)).unwrap();
        bench.write("file", "text");
        let signature = bench.sign("file", kind, "appenv");
        let body: String = signature.lines().filter(|line| !line.starts_with("---")).collect();
        let bytes = data_encoding::BASE64.decode(body.as_bytes()).unwrap();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            let body = data_encoding::BASE64.encode(&other);
            let lines: Vec<_> =
                body.as_bytes().chunks(70).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let text = format!(
                "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n",
                lines.join("\n")
            );
            assert!(
                verify(b"text", &text, std::slice::from_ref(&key)).is_err(),
                "{kind} byte {at}"
            );
        }
    }
}

#[test]
fn what_is_no_signature_is_told() {
    let bench = Keygen::new();
    let key = Key::parse(&bench.key("key", "ed25519", "")).unwrap();
    bench.write("file", "text");
    let signature = bench.sign("file", "key", "appenv");
    let keys = [key];
    let lines: Vec<_> = signature.lines().collect();
    for count in 1..lines.len() {
        let cut = lines[..count].join("\n");
        assert_eq!(verify(b"text", &cut, &keys), Err(SignatureError::Truncated), "{cut}");
    }
    let no_middle = [lines[0], lines[1], lines[lines.len() - 1]].join("\n");
    let public = bench.read("key.pub");
    let twice = signature.repeat(2);
    let lost = format!("lost\n{signature}");
    for text in ["", "{}", &no_middle, &public, &twice, &lost, "-----BEGIN PGP SIGNATURE-----"] {
        let told = verify(b"text", text, &keys);
        assert!(matches!(told, Err(SignatureError::Malformed(_))), "{text}: {told:?}");
    }
}

#[test]
fn lines_that_are_no_usable_key_are_told_and_never_shown() {
    let bench = Keygen::new();
    let line = bench.key("key", "ed25519", "");
    let private = bench.read("key");
    bench.key("short", "rsa", "1024");
    let short = bench.read("short.pub");
    let bare = line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    assert!(Key::parse(&bare).is_ok() && Key::parse(&format!("  {line}\n")).is_ok());
    let body: String = private.lines().filter(|line| !line.starts_with("---")).collect();
    for text in [&private, &body, &private.replace('\n', " ")] {
        assert_eq!(Key::parse(text), Err(KeyError::Private));
    }
    assert_eq!(Key::parse(" \n"), Err(KeyError::Empty));
    assert_eq!(Key::parse(&short), Err(KeyError::Bits(1024)));
    assert_eq!(Key::parse(&format!("{line}{line}")), Err(KeyError::Lines));
    assert_eq!(Key::parse(DSA), Err(KeyError::Kind("ssh-dss".to_owned())));
    assert_eq!(
        Key::parse(SECURITY_DEVICE),
        Err(KeyError::Kind("sk-ssh-ed25519@openssh.com".to_owned()))
    );
    let cut = &line[..line.len() / 2];
    let restricted = format!("restrict {line}");
    for text in [cut, "ssh-ed25519", "ssh-ed25519 hunter2", "alice.pub", &restricted] {
        let told = Key::parse(text).unwrap_err();
        assert!(matches!(told, KeyError::Malformed(_)), "{text}: {told}");
        assert!(!told.to_string().contains("hunter2") && !told.to_string().contains("alice"));
    }
    assert!(Key::parse("alice.pub").unwrap_err().to_string().contains("name of a file"));
}

/// Of the right shape, made by hand: OpenSSH no longer makes such keys.
const DSA: &str = "ssh-dss AAAAB3NzaC1kc3MAAACBAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAHAAAAFQCAAAAAAAAAAAAAAAAAAAAAAAAABQAAAAECAAAAgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD a";
/// Of the right shape, made by hand: a real one needs a device.
const SECURITY_DEVICE: &str = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAAAABHNzaDo= a";
