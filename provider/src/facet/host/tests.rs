// SPDX-License-Identifier: MPL-2.0
//! The facet on a real file system, where it is stopped, raced or in somebody's way.
#![allow(clippy::disallowed_methods, reason = "tests and their doubles are the world")]

mod floors;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::*;
use crate::naming::{Environments, Inputs, Names};
use crate::plan::ObjectState;
use crate::plan::host::Kind;

/// A root, and beside it what must stay as it is.
struct Machine {
    dir: TempDir,
    root: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("srv");
        fs::create_dir(&root).unwrap();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir, root }
    }

    fn host(&self) -> Host {
        let root = self.root.to_str().unwrap().to_owned();
        Host::new(Settings { root, home: None, name: None, backups_kept: BACKUPS_KEPT })
    }

    fn spec(&self) -> Spec {
        let environments = Environments::new("underscored-v1", None, Vec::new()).unwrap();
        let coordinate = environments.coordinate("karmyq", "staging").unwrap();
        let root = self.root.to_str().unwrap().to_owned();
        let inputs = Inputs { root: Some(root.clone()), ..Inputs::default() };
        let names = Names::derive(&environments, &coordinate, &BTreeSet::new(), &inputs).unwrap();
        let (app_dir, secrets_dir) =
            (names.app_dir.clone().unwrap(), names.secrets_dir.clone().unwrap());
        let files = BTreeSet::from([String::new(), "users".to_owned()]);
        let host = HostWish::new(&coordinate, root, app_dir, secrets_dir, &files);
        Spec { host: Some(host), ..Spec::of(coordinate, names, false, "us") }
    }

    /// Everything below the root but the registry.
    fn listed(&self) -> Vec<String> {
        fn walk(dir: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with(".appenv") {
                    continue;
                }
                found.push(path.display().to_string());
                if path.symlink_metadata().unwrap().is_dir() {
                    walk(&path, found);
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.root, &mut found);
        found.sort();
        found
    }
}

fn entry(phase: Phase, generation: u64) -> Entry {
    Entry {
        owner: "us".to_owned(),
        phase,
        holder: Some("h".to_owned()),
        generation,
        state_address: None,
        production: false,
        spec_digest: String::new(),
        spec: serde_json::Value::Null,
        written_at: "2026-01-01T00:00:00Z".to_owned(),
        applied: [].into(),
        pending: None,
    }
}

/// Registers it as begun.
async fn begin(host: &Host, spec: &Spec) -> Expected {
    let next = entry(Phase::Pending, 0);
    let target = host.record(spec, &Expected::default(), &next, false).await.unwrap();
    Expected { target: Some(target), entry: Some(next) }
}

async fn is_whole(host: &Host, spec: &Spec) -> bool {
    let objects = host.observe(spec).await.unwrap().objects;
    objects.values().all(|state| *state == ObjectState::Ok)
}

fn go() -> CancellationToken {
    CancellationToken::new()
}

#[tokio::test]
async fn whatever_a_killed_run_left_is_made_whole() {
    let count = Machine::new().spec().host.unwrap().places().len();
    for made in 0..=count {
        let machine = Machine::new();
        let (host, spec) = (machine.host(), machine.spec());
        begin(&host, &spec).await;
        for place in spec.host.as_ref().unwrap().places().into_iter().take(made) {
            match place.kind {
                // As mkdir leaves it before the mode is set.
                Kind::Directory { .. } => fs::create_dir_all(&place.path).unwrap(),
                Kind::Link { target } => symlink(target, &place.path).unwrap(),
            }
        }
        // And what it was about to rename.
        for name in
            [".appenv/instances/karmyq/staging.json.appenv-new", ".appenv/registry.json.appenv-new"]
        {
            fs::write(machine.root.join(name), "half").unwrap();
        }
        let project = machine.root.join("karmyq/staging/karmyq");
        if project.exists() {
            symlink("/nowhere", project.join(".env.staging.appenv-new")).unwrap();
        }
        host.converge(&spec, &go()).await.unwrap();
        assert!(is_whole(&host, &spec).await, "{made}");
        // The ended one leaves nothing behind, what was found included.
        let look = host.look(&spec).await.unwrap();
        let expected = Expected::from(&look);
        host.dismantle(&spec, &expected, false, &go()).await.unwrap();
        let strange: Vec<_> =
            machine.listed().into_iter().filter(|path| path.contains(".appenv-new")).collect();
        assert!(strange.is_empty(), "{strange:?}");
    }
}

#[tokio::test]
async fn a_stopped_run_makes_nothing_more() {
    let machine = Machine::new();
    let (host, spec) = (machine.host(), machine.spec());
    let expected = begin(&host, &spec).await;
    let stop = go();
    stop.cancel();
    let stopped = host.converge(&spec, &stop).await.unwrap_err();
    assert_eq!(stopped.fault, Fault::Stopped);
    assert!(machine.listed().is_empty(), "{:?}", machine.listed());
    host.converge(&spec, &go()).await.unwrap();
    let whole = machine.listed();
    let stopped = host.dismantle(&spec, &expected, false, &stop).await.unwrap_err();
    assert_eq!(stopped.fault, Fault::Stopped);
    assert_eq!(machine.listed(), whole);
}

#[tokio::test]
async fn nothing_is_written_over_a_registration_that_was_not_seen() {
    let machine = Machine::new();
    let (host, spec) = (machine.host(), machine.spec());
    let expected = begin(&host, &spec).await;
    host.converge(&spec, &go()).await.unwrap();
    let file = machine.root.join(".appenv/instances/karmyq/staging.json");
    let before = fs::read_to_string(&file).unwrap();
    let of_another = |entry: Entry| Expected { entry: Some(entry), ..expected.clone() };
    let wrong = [
        of_another(entry(Phase::Live, 0)),
        of_another(entry(Phase::Pending, 1)),
        of_another(Entry { holder: Some("x".to_owned()), ..entry(Phase::Pending, 0) }),
        Expected { entry: None, ..expected.clone() },
        Expected { target: Some("another".to_owned()), ..expected.clone() },
    ];
    for wrong in wrong {
        let next = entry(Phase::Live, 7);
        let refused = host.record(&spec, &wrong, &next, false).await.unwrap_err();
        assert_eq!(refused.fault, Fault::Conflict, "{wrong:?}");
        host.converge(&spec, &go()).await.unwrap();
        let refused = host.dismantle(&spec, &wrong, false, &go()).await.unwrap_err();
        assert_eq!(refused.fault, Fault::Conflict, "{wrong:?}");
        assert!(is_whole(&host, &spec).await);
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    // A run that saw no registry does not take the one that another founded.
    let late = machine.host();
    let refused = late
        .record(&spec, &Expected::default(), &entry(Phase::Pending, 0), false)
        .await
        .unwrap_err();
    assert_eq!(refused.fault, Fault::Conflict);
    // A tombstone makes nothing.
    let gone = Entry { holder: None, ..entry(Phase::Gone, 1) };
    host.record(&spec, &expected, &gone, false).await.unwrap();
    let refused = host.converge(&spec, &go()).await.unwrap_err();
    assert_eq!(refused.fault, Fault::Conflict);
}

#[tokio::test]
async fn one_run_writes_at_a_time() {
    let machine = Machine::new();
    let (host, spec) = (machine.host(), machine.spec());
    let expected = begin(&host, &spec).await;
    let lock = host.lock(None).await.unwrap();
    let waiting = {
        let (other, spec, stop) = (machine.host(), spec.clone(), go());
        tokio::spawn(async move { other.converge(&spec, &stop).await })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished() && machine.listed().is_empty());
    // Looking waits for nobody.
    assert_eq!(host.look(&spec).await.unwrap().entry, expected.entry);
    drop(lock);
    waiting.await.unwrap().unwrap();
    assert!(is_whole(&host, &spec).await);
}

#[tokio::test]
async fn a_file_with_another_name_too_is_not_written_into() {
    let machine = Machine::new();
    let (host, spec) = (machine.host(), machine.spec());
    let expected = begin(&host, &spec).await;
    let file = machine.root.join(".appenv/instances/karmyq/staging.json");
    let victim = machine.dir.path().join("victim");
    fs::hard_link(&file, &victim).unwrap();
    let before = fs::read_to_string(&victim).unwrap();
    host.record(&spec, &expected, &entry(Phase::Live, 1), false).await.unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), before);
    assert_ne!(fs::metadata(&file).unwrap().ino(), fs::metadata(&victim).unwrap().ino());
}

/// Rounds of the race below.
const ROUNDS: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_turns_into_a_link_meanwhile_leads_nowhere() {
    let machine = Machine::new();
    let (host, spec) = (machine.host(), machine.spec());
    begin(&host, &spec).await;
    host.converge(&spec, &go()).await.unwrap();
    let victim = machine.dir.path().join("victim");
    fs::create_dir(&victim).unwrap();
    fs::create_dir(victim.join("staging")).unwrap();
    fs::set_permissions(victim.join("staging"), fs::Permissions::from_mode(0o750)).unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let trap = machine.root.join("karmyq/trap");
    symlink(&victim, &trap).unwrap();
    let swapping = {
        let (over, secrets) = (Arc::clone(&over), machine.root.join("karmyq/secrets"));
        std::thread::spawn(move || {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            while !over.load(Ordering::Relaxed) {
                for _ in 0..2 {
                    renameat_with(CWD, &secrets, CWD, &trap, RenameFlags::EXCHANGE).unwrap();
                }
            }
        })
    };
    let mut done = 0;
    for round in 0..ROUNDS {
        // Something to mend, each time: the mode of what lies behind the swapped one.
        let staging = machine.root.join("karmyq/secrets/staging");
        let mode = 0o711 + u32::try_from(round % 2).unwrap();
        if let Ok(dir) = fs::File::open(&staging)
            && dir.metadata().unwrap().ino() != fs::metadata(victim.join("staging")).unwrap().ino()
        {
            dir.set_permissions(fs::Permissions::from_mode(mode)).unwrap();
        }
        done += usize::from(host.converge(&spec, &go()).await.is_ok());
    }
    over.store(true, Ordering::Relaxed);
    swapping.join().unwrap();
    let inside: Vec<_> = fs::read_dir(&victim).unwrap().collect();
    assert_eq!(inside.len(), 1, "{inside:?}");
    assert_eq!(fs::metadata(victim.join("staging")).unwrap().mode() & 0o7777, 0o750);
    assert_eq!(fs::read_dir(victim.join("staging")).unwrap().count(), 0);
    assert!(done > 0, "no round came through");
}

#[tokio::test]
async fn a_move_that_was_killed_is_gone_on_with() {
    for done in 0..4 {
        let machine = Machine::new();
        let (host, was) = (machine.host(), machine.spec());
        let expected = begin(&host, &was).await;
        host.converge(&was, &go()).await.unwrap();
        let mut spec = was.clone();
        let (old, new) = (machine.root.join("karmyq/staging"), machine.root.join("web/stage"));
        fs::write(old.join("karmyq/server.js"), "run()").unwrap();
        {
            let had = was.host.as_ref().unwrap();
            let files = BTreeSet::from([String::new(), "users".to_owned()]);
            let app_dir = new.to_str().unwrap().to_owned();
            let (root, secrets) = (had.root.clone(), had.secrets_dir.clone());
            let mut wish = HostWish::new(&was.coordinate, root, app_dir, secrets, &files);
            wish.keep_until = Some("2027-01-01T00:00:00Z".to_owned());
            spec.host = Some(wish);
        }
        // What a run that was killed had done already.
        if done > 0 {
            fs::create_dir(machine.root.join("web")).unwrap();
        }
        if done > 1 {
            fs::rename(&old, &new).unwrap();
        }
        if done > 2 {
            symlink(&new, &old).unwrap();
        }
        let seen = host.observe(&spec).await.unwrap();
        assert_eq!(seen.renamed.len(), 1, "{done}");
        assert!(seen.occupied.is_empty() && seen.foreign.is_empty(), "{done}: {seen:?}");
        let next = entry(Phase::Live, 1);
        let moved = host.rename(&spec, &expected, &next, &go()).await.unwrap();
        assert_eq!(moved.entry, Some(next.clone()));
        // Again, it has nothing to do.
        assert_eq!(host.rename(&spec, &moved, &next, &go()).await.unwrap(), moved);
        host.converge(&spec, &go()).await.unwrap();
        assert!(is_whole(&host, &spec).await, "{done}");
        assert_eq!(fs::read_to_string(new.join("karmyq/server.js")).unwrap(), "run()");
        assert_eq!(fs::read_link(&old).unwrap(), new);
        let kept = host.observe(&spec).await.unwrap().kept;
        assert_eq!(kept.into_keys().collect::<Vec<_>>(), [old.to_str().unwrap()]);
        fs::remove_file(new.join("karmyq/server.js")).unwrap();
        host.dismantle(&spec, &moved, false, &go()).await.unwrap();
        // What was made by hand above it is nobody's to remove.
        let left =
            if done > 0 { vec![machine.root.join("web").display().to_string()] } else { vec![] };
        assert_eq!(machine.listed(), left, "{done}");
    }
}
