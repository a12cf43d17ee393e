// SPDX-License-Identifier: MPL-2.0
//! What stands in the way, or would lead elsewhere: nothing is written, and what was there is as it was.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

fn run(program: &str, arguments: &[&str]) {
    let done = Command::new(program).args(arguments).status().unwrap();
    assert!(done.success(), "{program} {arguments:?}; the tests run as root");
}

/// Undoes what was done to the machine, whatever came of the test.
struct Undo(&'static str, Vec<String>);

impl Drop for Undo {
    fn drop(&mut self) {
        Command::new(self.0).args(&self.1).status().ok();
    }
}

/// What is told, and how it comes to stand there; the other path is what must stay as it is.
type Trap = (&'static str, fn(&Path, &Path));

/// The test itself, under another umask too.
#[tokio::test]
async fn files_are_private_whatever_the_umask() {
    let machine = Machine::new().await;
    machine.put("K", "v").await.unwrap();
    machine.put("K", "w").await.unwrap();
    for name in [".env", ".appenv.json", "backup/.env.20260101T000000Z-1"] {
        let meta = fs::metadata(machine.secrets(name)).unwrap();
        assert_eq!(meta.mode() & 0o7777, 0o600, "{name}");
        assert_eq!(meta.uid(), fs::metadata(machine.secrets("")).unwrap().uid());
    }
    if std::env::args().any(|argument| argument == "--exact") {
        return;
    }
    let name = "store::file::tests::hostile::files_are_private_whatever_the_umask";
    let exe = std::env::current_exe().unwrap();
    for mask in ["000", "022", "077"] {
        let script = format!("umask {mask}; exec {} --exact {name}", exe.display());
        let done = Command::new("sh").args(["-c", &script]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("1 passed"), "{mask}: {said}");
    }
}

#[tokio::test]
async fn what_is_no_file_is_neither_followed_nor_replaced_nor_waited_for() {
    let traps: [Trap; 5] = [
        ("is a symbolic link", |at, victim| symlink(victim, at).unwrap()),
        ("is a directory", |at, _| fs::create_dir(at).unwrap()),
        ("is a named pipe", |at, _| run("mkfifo", &[at.to_str().unwrap()])),
        ("is a socket", |at, _| drop(UnixListener::bind(at).unwrap())),
        ("is a device", |at, _| run("mknod", &[at.to_str().unwrap(), "c", "1", "3"])),
    ];
    for (told, trap) in traps {
        for name in [".env", ".appenv.json"] {
            let machine = Machine::new().await;
            let victim = machine.dir.path().join("victim");
            fs::write(&victim, "VICTIM=kept\n").unwrap();
            trap(&machine.secrets(name), &victim);
            let left = machine.listed();
            let store = machine.store();
            let (place, value) = (machine.place("K", ""), SecretValue::new("v"));
            let refused = store
                .write(&place, None, &change(Some(&value), Previous::Leave))
                .await
                .unwrap_err();
            assert!(refused.cause.contains(told), "{refused:?}");
            assert!(refused.summary.contains(name), "{refused:?}");
            assert!(store.look(&place).await.is_err() && store.read(&place).await.is_err());
            assert_eq!(machine.listed(), left);
            assert_eq!(fs::read_to_string(&victim).unwrap(), "VICTIM=kept\n");
        }
    }
}

#[tokio::test]
async fn a_second_name_of_a_file_keeps_its_content() {
    let machine = Machine::new().await;
    machine.put("K", "v").await.unwrap();
    let victim = machine.dir.path().join("victim");
    fs::hard_link(machine.secrets(".env"), &victim).unwrap();
    machine.put("K", "w").await.unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "K=v\n");
    assert_eq!(machine.text(".env"), "K=w\n");
}

#[tokio::test]
async fn a_directory_that_others_could_use_is_refused() {
    for (path, mode) in [("", 0o777), ("", 0o750), ("..", 0o777), ("backup", 0o755)] {
        let machine = Machine::new().await;
        machine.put("K", "v").await.unwrap();
        let dir = machine.secrets(path).canonicalize().unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
        let refused = machine.put("K", "w").await.unwrap_err();
        assert_eq!(refused.fault, Fault::Forbidden, "{path} {mode:o}: {refused:?}");
        assert_eq!(machine.text(".env"), "K=v\n");
    }
    let machine = Machine::new().await;
    machine.put("K", "v").await.unwrap();
    std::os::unix::fs::chown(machine.secrets(""), Some(4711), None).unwrap();
    assert_eq!(machine.put("K", "w").await.unwrap_err().fault, Fault::Forbidden);
    // By a link on the way.
    let machine = Machine::new().await;
    let (secrets, away) = (machine.secrets("").join(".."), machine.dir.path().join("away"));
    let secrets = secrets.canonicalize().unwrap();
    fs::rename(&secrets, &away).unwrap();
    symlink(&away, &secrets).unwrap();
    assert_eq!(machine.put("K", "w").await.unwrap_err().fault, Fault::Occupied);
    assert!(!away.join("staging/.env").exists());
}

#[tokio::test]
async fn names_are_ascii_so_none_is_another_in_another_form() {
    let machine = Machine::new().await;
    for file in ["caf\u{e9}", "cafe\u{301}", "a/b", "..", "A"] {
        let refused = machine.store().check(&machine.place("K", file), None).unwrap_err();
        assert_eq!(refused.attribute, Some("file"), "{file}");
    }
    assert!(machine.store().check(&machine.place("LD_PRELOAD", ""), None).is_err());
}

#[tokio::test]
async fn a_file_that_is_too_large_or_no_dotenv_file_is_left_alone() {
    let machine = Machine::new().await;
    let large = format!("# {}\n", "x".repeat(1 << 20));
    for (content, told) in [
        (large.as_bytes(), "too large"),
        (b"K='open\n".as_slice(), "never closed"),
        (b"A=\xff\n".as_slice(), "UTF-8"),
    ] {
        fs::write(machine.secrets(".env"), content).unwrap();
        let refused = machine.put("K", "v").await.unwrap_err();
        assert!(refused.cause.to_lowercase().contains(&told.to_lowercase()), "{refused:?}");
        assert_eq!(fs::read(machine.secrets(".env")).unwrap(), content);
    }
    // Nor is one made too large to be read again.
    let full = format!("# {}\n", "x".repeat((1 << 20) - 20));
    fs::write(machine.secrets(".env"), &full).unwrap();
    let refused = machine.put("K", &"v".repeat(100)).await.unwrap_err();
    assert!(refused.cause.contains("1 MiB"), "{refused:?}");
    assert_eq!(machine.text(".env"), full);
}

#[tokio::test]
async fn a_full_or_read_only_disk_leaves_the_old_file_whole() {
    let machine = Machine::new().await;
    machine.put("K", "v").await.unwrap();
    let (secrets, away) = (machine.secrets(""), machine.dir.path().join("away"));
    let at = secrets.to_str().unwrap().trim_end_matches('/');
    fs::rename(&secrets, &away).unwrap();
    fs::create_dir(&secrets).unwrap();
    run("mount", &["-t", "tmpfs", "-o", "size=16k,mode=0700", "tmpfs", at]);
    let _undo = Undo("umount", vec!["-l".to_owned(), at.to_owned()]);
    run("sh", &["-c", &format!("cp -a {}/. {at}/", away.display())]);
    let notes = machine.text(".appenv.json");
    let long = "x".repeat(20_000);
    let refused = machine.put("K", &long).await.unwrap_err();
    assert!(refused.cause.contains("No space left"), "{refused:?}");
    assert!(refused.summary.contains(at) && refused.next.contains("make room"), "{refused:?}");
    assert_eq!(machine.text(".env"), "K=v\n");
    assert!(!machine.listed().iter().any(|name| name.ends_with("appenv-new")));
    let seen = machine.store().look(&machine.place("K", "")).await.unwrap();
    assert_eq!((seen.value, seen.record.unwrap().version), (Standing::AsRecorded, 1));
    assert!(!notes.is_empty());

    run("mount", &["-o", "remount,ro", at]);
    let before = (machine.text(".env"), machine.text(".appenv.json"), machine.listed());
    let refused = machine.put("K", "w").await.unwrap_err();
    assert!(refused.cause.contains("Read-only"), "{refused:?}");
    assert_eq!((machine.text(".env"), machine.text(".appenv.json"), machine.listed()), before);
}

#[tokio::test]
async fn a_file_that_cannot_be_changed_is_left_alone() {
    let machine = Machine::new().await;
    let record = machine.put("K", "v").await.unwrap();
    let file = machine.secrets(".env").to_str().unwrap().to_owned();
    run("chattr", &["+i", &file]);
    let undo = Undo("chattr", vec!["-i".to_owned(), file]);
    let refused = machine.put("K", "w").await.unwrap_err();
    assert_eq!(refused.fault, Fault::Forbidden, "{refused:?}");
    assert_eq!(machine.text(".env"), "K=v\n");
    let seen = machine.store().look(&machine.place("K", "")).await.unwrap();
    assert_eq!((seen.record, seen.value), (Some(record), Standing::AsRecorded));
    drop(undo);
    machine.put("K", "w").await.unwrap();
    assert_eq!(machine.text(".env"), "K=w\n");
}

/// Rounds of the race below.
const ROUNDS: usize = 2000;

#[tokio::test(flavor = "multi_thread")]
async fn what_turns_into_a_link_meanwhile_leads_nowhere() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    // In memory, where rounds are short.
    let machine = Machine::with(tempfile::tempdir_in("/dev/shm").unwrap(), 0).await;
    let victim = machine.dir.path().join("victim");
    fs::create_dir_all(victim.join("staging")).unwrap();
    fs::write(victim.join("staging/.env"), "VICTIM=kept\n").unwrap();
    fs::set_permissions(victim.join("staging"), fs::Permissions::from_mode(0o700)).unwrap();
    machine.put("K", "v").await.unwrap();
    let (secrets, trap) = (machine.secrets("").join(".."), machine.dir.path().join("srv/trap"));
    let secrets = secrets.canonicalize().unwrap();
    symlink(&victim, &trap).unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let swapping = {
        let over = Arc::clone(&over);
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                for _ in 0..2 {
                    renameat_with(CWD, &secrets, CWD, &trap, RenameFlags::EXCHANGE).unwrap();
                    std::thread::sleep(std::time::Duration::from_micros(50));
                }
            }
        })
    };
    let mut done = 0;
    for round in 0..ROUNDS {
        done += usize::from(machine.put("K", &format!("v{round}")).await.is_ok());
    }
    over.store(true, Ordering::Relaxed);
    swapping.join().unwrap();
    assert_eq!(fs::read_to_string(victim.join("staging/.env")).unwrap(), "VICTIM=kept\n");
    assert_eq!(fs::read_dir(victim.join("staging")).unwrap().count(), 1);
    assert!(done > 0, "no round came through");
}
