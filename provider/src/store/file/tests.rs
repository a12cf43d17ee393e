// SPDX-License-Identifier: MPL-2.0
//! The store on a real file system. The oracle is the file system itself, and shells that read the files.
#![allow(clippy::disallowed_methods, reason = "tests and their doubles are the world")]

mod hostile;
mod killed;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::facet::host::Settings;
use crate::facet::{Facet as _, Fault};
use crate::naming::{Environments, Inputs, Names};
use crate::plan::Spec;
use crate::plan::host::HostWish;
use crate::registry::{Entry, Expected, Phase};
use crate::store::record::Previous;

const NOW: &str = "2026-01-01T00:00:00Z";
const UNTIL: &str = "2026-01-08T00:00:00Z";

/// A machine with one instance on it.
struct Machine {
    dir: TempDir,
    host: Arc<Host>,
    spec: Spec,
    expected: Expected,
}

impl Machine {
    async fn new() -> Self {
        Self::with(tempfile::tempdir().unwrap(), 10).await
    }

    async fn with(dir: TempDir, backups_kept: usize) -> Self {
        // The umask of the tests is no matter of theirs.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let root = dir.path().join("srv");
        fs::create_dir_all(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        let root = root.to_str().unwrap().to_owned();
        let environments = Environments::new("underscored-v1", None, Vec::new()).unwrap();
        let coordinate = environments.coordinate("karmyq", "staging").unwrap();
        let inputs = Inputs { root: Some(root.clone()), ..Inputs::default() };
        let names = Names::derive(&environments, &coordinate, &BTreeSet::new(), &inputs).unwrap();
        let host = Host::new(Settings { root: root.clone(), home: None, name: None, backups_kept });
        let files = BTreeSet::from([String::new(), "users".to_owned()]);
        let (app_dir, secrets) =
            (names.app_dir.clone().unwrap(), names.secrets_dir.clone().unwrap());
        let wish = HostWish::new(&coordinate, root, app_dir, secrets, &files);
        let spec = Spec { host: Some(wish), ..Spec::of(coordinate, names, false, "us") };
        let next = entry(Phase::Live);
        let target = host.record(&spec, &Expected::default(), &next, false).await.unwrap();
        host.converge(&spec, &CancellationToken::new()).await.unwrap();
        let expected = Expected { target: Some(target), entry: Some(next) };
        Self { dir, host: Arc::new(host), spec, expected }
    }

    fn store(&self) -> FileStore {
        FileStore::new(Arc::clone(&self.host))
    }

    fn place(&self, key: &str, file: &str) -> Place {
        Place {
            coordinate: self.spec.coordinate.clone(),
            names: self.spec.names.clone(),
            key: key.to_owned(),
            parameter_name: None,
            file: file.to_owned(),
        }
    }

    fn secrets(&self, name: &str) -> PathBuf {
        Path::new(self.spec.names.secrets_dir.as_ref().unwrap()).join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.secrets(name)).unwrap()
    }

    /// Everything in the directory of the secrets, the backups too.
    fn listed(&self) -> Vec<String> {
        let names = |dir: PathBuf| -> Vec<String> {
            let entries = fs::read_dir(dir).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        let mut all = names(self.secrets(""));
        all.extend(names(self.secrets("backup")).into_iter().map(|name| format!("backup/{name}")));
        all.sort();
        all
    }

    async fn put(&self, key: &str, value: &str) -> Result<Record, FacetError> {
        let (store, place) = (self.store(), self.place(key, ""));
        let before = store.look(&place).await?.record;
        let value = SecretValue::new(value);
        store.write(&place, before.as_ref(), &change(Some(&value), Previous::Leave)).await
    }
}

fn entry(phase: Phase) -> Entry {
    Entry {
        owner: "us".to_owned(),
        phase,
        holder: Some("h".to_owned()),
        generation: 0,
        state_address: None,
        production: false,
        spec_digest: String::new(),
        spec: serde_json::Value::Null,
        written_at: NOW.to_owned(),
        applied: [].into(),
        pending: None,
    }
}

fn change(value: Option<&SecretValue>, previous: Previous) -> Change<'_> {
    Change { value, previous, owner: "us", holder: "h", state_address: None, now: NOW }
}

fn keep() -> Previous {
    Previous::Keep { until: UNTIL.to_owned() }
}

#[tokio::test]
async fn a_key_lives_and_ends_and_leaves_nothing_but_copies() {
    let machine = Machine::new().await;
    let (store, place) = (machine.store(), machine.place("DB_PASSWORD", ""));
    assert_eq!(store.path(&place).as_deref(), machine.secrets(".env").to_str());
    let none = Seen { record: None, value: Standing::Missing, has_previous: false };
    assert_eq!(store.look(&place).await.unwrap(), none);

    let first = machine.put("DB_PASSWORD", "one").await.unwrap();
    assert_eq!(machine.text(".env"), "DB_PASSWORD=one\n");
    assert_eq!(machine.listed(), [".appenv.json", ".env", "backup"]);
    assert!(!machine.text(".appenv.json").contains("one"));
    let new = SecretValue::new("two words");
    let second = store.write(&place, Some(&first), &change(Some(&new), keep())).await.unwrap();
    assert_eq!((second.version, second.previous_until.as_deref()), (2, Some(UNTIL)));
    assert_eq!(machine.text(".env"), "DB_PASSWORD='two words'\nDB_PASSWORD_PREVIOUS=one\n");
    assert_eq!(store.read(&place).await.unwrap(), Some(new));
    let seen = store.look(&place).await.unwrap();
    assert_eq!((seen.value, seen.has_previous), (Standing::AsRecorded, true));
    // Who saw the first does not write over the second, nor remove it.
    let late = SecretValue::new("late");
    let refused = store.write(&place, Some(&first), &change(Some(&late), keep())).await;
    assert_eq!(refused.unwrap_err().fault, Fault::Conflict);
    assert_eq!(store.remove(&place, &first).await.unwrap_err().fault, Fault::Conflict);

    store.remove(&place, &second).await.unwrap();
    store.remove(&place, &second).await.unwrap();
    let left = machine.listed();
    assert_eq!((left.len(), left[0].as_str()), (3, "backup"), "{left:?}");
    assert!(left[1].starts_with("backup/.env.20260101T000000Z-1"), "{left:?}");
}

#[tokio::test]
async fn what_others_wrote_there_stays_and_is_not_taken() {
    let machine = Machine::new().await;
    let hand = "# by hand\nexport TOKEN=\"kept\"  # why\n\nDB_PASSWORD=theirs\n";
    fs::write(machine.secrets(".env"), hand).unwrap();
    fs::set_permissions(machine.secrets(".env"), fs::Permissions::from_mode(0o644)).unwrap();
    let refused = machine.put("DB_PASSWORD", "mine").await.unwrap_err();
    assert_eq!(refused.fault, Fault::Occupied);
    assert!(refused.next.contains("import"), "{refused:?}");
    assert_eq!(machine.text(".env"), hand);
    assert_eq!(machine.listed(), [".env", "backup"]);

    machine.put("OURS", "x").await.unwrap();
    assert_eq!(machine.text(".env"), format!("{hand}OURS=x\n"));
    let mode = fs::metadata(machine.secrets(".env")).unwrap().mode() & 0o7777;
    assert_eq!(mode, 0o600, "what was open to others is not any more");
    // Taken over as it stands.
    let (store, place) = (machine.store(), machine.place("DB_PASSWORD", ""));
    let record = store.write(&place, None, &change(None, Previous::Leave)).await.unwrap();
    assert_eq!(store.look(&place).await.unwrap().value, Standing::AsRecorded);
    // Changed by hand.
    fs::write(machine.secrets(".env"), machine.text(".env").replace("theirs", "other")).unwrap();
    assert_eq!(store.look(&place).await.unwrap().value, Standing::Changed);
    // Something else is under the former name.
    fs::write(machine.secrets(".env"), machine.text(".env") + "DB_PASSWORD_PREVIOUS=p\n").unwrap();
    let new = SecretValue::new("n");
    let refused = store.write(&place, Some(&record), &change(Some(&new), keep())).await;
    assert_eq!(refused.unwrap_err().fault, Fault::Occupied);
    store.remove(&place, &record).await.unwrap();
    let ours = store.look(&machine.place("OURS", "")).await.unwrap().record.unwrap();
    store.remove(&machine.place("OURS", ""), &ours).await.unwrap();
    assert_eq!(
        machine.text(".env"),
        "# by hand\nexport TOKEN=\"kept\"  # why\n\nDB_PASSWORD_PREVIOUS=p\n"
    );
    assert!(!machine.secrets(".appenv.json").exists());
}

#[tokio::test]
async fn files_are_those_of_a_registered_instance() {
    let machine = Machine::new().await;
    let (store, value) = (machine.store(), SecretValue::new("v"));
    let users = machine.place("USERS", "users");
    let record = store.write(&users, None, &change(Some(&value), Previous::Leave)).await.unwrap();
    assert_eq!(machine.text(".env.staging.users"), "USERS=v\n");
    let link =
        Path::new(machine.spec.names.app_dir.as_ref().unwrap()).join("karmyq/.env.staging.users");
    assert_eq!(fs::read_to_string(link).unwrap(), "USERS=v\n");
    let other = machine.place("USERS", "other");
    let refused = store.write(&other, None, &change(Some(&value), Previous::Leave)).await;
    assert_eq!(refused.unwrap_err().attribute, Some("file"));
    let up = machine.place("USERS", "../../x");
    assert!(store.check(&up, None).is_err());
    // The end of the instance leaves the secrets and does not stumble; the secret goes later.
    let (spec, stop) = (&machine.spec, CancellationToken::new());
    fs::write(machine.secrets(".env.appenv-new"), "half").unwrap();
    machine.host.dismantle(spec, &machine.expected, false, &stop).await.unwrap();
    assert_eq!(machine.text(".env.staging.users"), "USERS=v\n");
    assert!(!machine.secrets(".env.appenv-new").exists());
    let gone = Entry { holder: None, ..entry(Phase::Gone) };
    machine.host.record(spec, &machine.expected, &gone, true).await.unwrap();
    let refused = machine.put("K", "v").await.unwrap_err();
    assert_eq!(refused.fault, Fault::Missing);
    assert!(refused.next.contains("first"), "{refused:?}");
    store.remove(&users, &record).await.unwrap();
    assert!(!machine.secrets(".env.staging.users").exists());
}

#[tokio::test]
async fn so_many_copies_are_kept_and_no_file_of_others_goes() {
    for kept in [0, 1, 3] {
        let machine = Machine::with(tempfile::tempdir().unwrap(), kept).await;
        fs::write(machine.secrets("backup/.env.1"), "TOKEN=theirs").unwrap();
        for round in 0..6 {
            machine.put("K", &format!("v{round}")).await.unwrap();
            // The same again is no change.
            machine.put("K", &format!("v{round}")).await.unwrap();
        }
        let copies: Vec<_> =
            machine.listed().into_iter().filter(|name| name.starts_with("backup/")).collect();
        assert_eq!(copies.len(), kept + 1, "{copies:?}");
        assert_eq!(machine.text("backup/.env.1"), "TOKEN=theirs");
        for name in copies.iter().filter(|name| !name.ends_with(".env.1")) {
            assert_eq!(fs::metadata(machine.secrets(name)).unwrap().mode() & 0o7777, 0o600);
        }
        if kept > 0 {
            assert_eq!(machine.text("backup/.env.20260101T000000Z-5"), "K=v4\n");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_at_once_none_is_lost() {
    let machine = Arc::new(Machine::new().await);
    let mut writers = tokio::task::JoinSet::new();
    for index in 0..50 {
        let machine = Arc::clone(&machine);
        writers.spawn(async move { machine.put(&format!("K{index}"), "v").await.unwrap() });
    }
    writers.join_all().await;
    let text = machine.text(".env");
    for index in 0..50 {
        assert!(text.contains(&format!("K{index}=v\n")), "{text}");
        let seen = machine.store().look(&machine.place(&format!("K{index}"), "")).await.unwrap();
        assert_eq!(seen.value, Standing::AsRecorded);
    }
}

#[tokio::test]
async fn shells_read_what_was_written_or_it_is_refused() {
    let machine = Machine::new().await;
    let pem = "-----BEGIN KEY-----\nAbC+/=\nxyz\n-----END KEY-----\n";
    let json = r#"{"a": "b c", "n": [1, "x"]}"#;
    let good = [("PASSWORD", "p#4 !%~*&"), ("PEM", pem), ("JSON", json), ("RUN", "$(id) `id` $X")];
    for (key, value) in good {
        machine.put(key, value).await.unwrap();
    }
    for shell in ["sh", "bash"] {
        for (key, value) in good {
            let script = format!(". {}; printf %s \"${key}\"", machine.secrets(".env").display());
            let read = Command::new(shell).args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(read.stdout).unwrap(), value, "{shell}: {key}");
        }
    }
    let before = machine.text(".env");
    let long = "x".repeat(BYTES + 1);
    for (value, why) in [
        ("it's $5", "single quote"),
        ("a\0b", "control character"),
        ("a\r\n", "control character"),
        ("${X}", "python-dotenv"),
        (long.as_str(), "65537 bytes"),
    ] {
        let refused = machine.put("BAD", value).await.unwrap_err();
        assert!(refused.cause.contains(why), "{refused:?}");
        assert!(!format!("{refused:?}").contains(value), "it shows the value");
    }
    assert_eq!(machine.text(".env"), before);
}

#[tokio::test]
async fn a_moved_directory_takes_its_notes_along_and_what_was_left_is_moved() {
    let machine = Machine::new().await;
    let (store, place) = (machine.store(), machine.place("K", ""));
    let record = machine.put("K", "v").await.unwrap();
    // What a renaming does: the directory as a whole.
    let mut to = place.clone();
    let moved = machine.secrets("").parent().unwrap().join("stage");
    to.names.secrets_dir = Some(moved.to_str().unwrap().to_owned());
    fs::rename(machine.secrets(""), &moved).unwrap();
    store.relocate(&place, &to, &record).await.unwrap();
    assert_eq!(store.look(&to).await.unwrap().record, Some(record.clone()));
    assert_eq!(store.look(&to).await.unwrap().value, Standing::AsRecorded);
    fs::rename(&moved, machine.secrets("")).unwrap();
    // To another file of the same instance.
    let users = machine.place("K", "users");
    store.relocate(&place, &users, &record).await.unwrap();
    store.relocate(&place, &users, &record).await.unwrap();
    assert_eq!(machine.text(".env.staging.users"), "K=v\n");
    assert!(!machine.secrets(".env").exists());
    let seen = store.look(&users).await.unwrap();
    assert_eq!((seen.record, seen.value), (Some(record), Standing::AsRecorded));
}

#[tokio::test]
async fn fields_of_later_versions_are_kept() {
    let machine = Machine::new().await;
    machine.put("K", "v").await.unwrap();
    let file = machine.secrets(".appenv.json");
    let mut notes: serde_json::Value = serde_json::from_str(&machine.text(".appenv.json")).unwrap();
    notes["later"] = serde_json::json!({ "a": 1 });
    notes["keys"][""]["K"]["later"] = serde_json::json!(2);
    fs::write(&file, notes.to_string()).unwrap();
    machine.put("K", "w").await.unwrap();
    let notes: serde_json::Value = serde_json::from_str(&machine.text(".appenv.json")).unwrap();
    assert_eq!(notes["later"]["a"], 1);
    assert_eq!(notes["keys"][""]["K"]["later"], 2);
}
