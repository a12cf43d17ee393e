// SPDX-License-Identifier: MPL-2.0
//! Runs that are killed, and calls that fail, at every point of a change.

use super::*;
use crate::facet::host::failing;

const BEFORE: &str = "# by hand\nTOKEN=kept\nK=old\n";
const AFTER: &str = "# by hand\nTOKEN=kept\nK=new\nK_PREVIOUS=old\n";

/// A machine on which K is taken over as `old`, beside others' lines.
async fn begun() -> (Machine, Record) {
    let machine = Machine::new().await;
    fs::write(machine.secrets(".env"), BEFORE).unwrap();
    let (store, place) = (machine.store(), machine.place("K", ""));
    let record = store.write(&place, None, &change(None, Previous::Leave)).await.unwrap();
    (machine, record)
}

/// Works in the directory of the secrets with a failing point set; what came of it.
async fn failing_at<T: Send + 'static>(
    machine: &Machine,
    set: impl FnOnce() + Send + 'static,
    work: impl FnOnce(&crate::facet::host::SecretsDir) -> Result<T, FacetError> + Send + 'static,
) -> Result<T, FacetError> {
    let of = of(&machine.place("K", "")).unwrap();
    let came = machine.host.write_secrets(of, String::new(), move |dir| {
        set();
        let came = work(dir);
        failing::end();
        Ok(came)
    });
    came.await.unwrap()
}

fn all_private(machine: &Machine) {
    for name in machine.listed().iter().filter(|name| *name != "backup") {
        let mode = fs::metadata(machine.secrets(name)).unwrap().mode() & 0o7777;
        assert_eq!(mode, 0o600, "{name}");
    }
}

fn without_leftovers(machine: &Machine) {
    let left = machine.listed();
    assert!(!left.iter().any(|name| name.ends_with("appenv-new")), "{left:?}");
}

#[tokio::test]
async fn a_rotation_that_was_cut_off_anywhere_is_gone_on_with() {
    for kills in [true, false] {
        let (mut points, mut olds, mut news) = (0, 0, 0);
        loop {
            let (machine, record) = begun().await;
            let place = machine.place("K", "");
            let came = failing_at(
                &machine,
                move || {
                    if kills { failing::kill_after(points) } else { failing::fail_after(points) }
                },
                move |dir| {
                    let new = SecretValue::new("new");
                    change::write(dir, &place, Some(&record), &change(Some(&new), keep()), 10, "m")
                },
            )
            .await;
            let text = machine.text(".env");
            assert!(text == BEFORE || text == AFTER, "{points}: torn: {text:?}");
            all_private(&machine);
            if !kills {
                without_leftovers(&machine);
            }
            let (store, place) = (machine.store(), machine.place("K", ""));
            let seen = store.look(&place).await.unwrap();
            assert_eq!(seen.value, Standing::AsRecorded, "{points}");
            let record = seen.record.unwrap();
            assert_eq!(record.version, if text == AFTER { 2 } else { 1 }, "{points}");
            // The next run.
            let new = SecretValue::new("new");
            let record =
                store.write(&place, Some(&record), &change(Some(&new), keep())).await.unwrap();
            assert_eq!((record.version, record.previous_until.as_deref()), (2, Some(UNTIL)));
            assert_eq!(machine.text(".env"), AFTER, "{points}");
            assert!(!machine.text(".appenv.json").contains("intent"), "{points}");
            without_leftovers(&machine);
            if came.is_ok() {
                break;
            }
            points += 1;
            if text == AFTER { news += 1 } else { olds += 1 }
        }
        assert!(olds > 10 && news > 3, "{points} points: {olds} old, {news} new");
    }
}

#[tokio::test]
async fn a_first_write_that_was_cut_off_anywhere_is_gone_on_with() {
    let mut points = 0;
    loop {
        let machine = Machine::new().await;
        let place = machine.place("K", "");
        let came = failing_at(
            &machine,
            move || failing::kill_after(points),
            move |dir| {
                let new = SecretValue::new("new");
                change::write(dir, &place, None, &change(Some(&new), Previous::Leave), 10, "m")
            },
        )
        .await;
        all_private(&machine);
        let store = machine.store();
        let seen = store.look(&machine.place("K", "")).await.unwrap();
        // What was noted and did not come to stand has taken version 1.
        let is_noted = seen.record.is_some() && seen.value == Standing::Missing;
        let record = machine.put("K", "new").await.unwrap();
        let version = 1 + u64::from(is_noted);
        assert_eq!(
            (machine.text(".env").as_str(), record.version),
            ("K=new\n", version),
            "{points}"
        );
        store.remove(&machine.place("K", ""), &record).await.unwrap();
        assert!(!machine.secrets(".env").exists() && !machine.secrets(".appenv.json").exists());
        without_leftovers(&machine);
        if came.is_ok() {
            break;
        }
        points += 1;
    }
    assert!(points > 15, "{points}");
}

#[tokio::test]
async fn a_removal_that_was_cut_off_anywhere_is_gone_on_with() {
    let mut points = 0;
    loop {
        let machine = Machine::new().await;
        let record = machine.put("K", "old").await.unwrap();
        let (place, asked) = (machine.place("K", ""), record.clone());
        let came = failing_at(
            &machine,
            move || failing::kill_after(points),
            move |dir| change::remove(dir, &place, &asked, 10, "m"),
        )
        .await;
        if machine.secrets(".env").exists() {
            assert_eq!(machine.text(".env"), "K=old\n", "{points}");
        }
        machine.store().remove(&machine.place("K", ""), &record).await.unwrap();
        let left = machine.listed();
        assert!(!machine.secrets(".env").exists() && !machine.secrets(".appenv.json").exists());
        assert_eq!(left.len(), 2, "{points}: {left:?}");
        if came.is_ok() {
            break;
        }
        points += 1;
    }
    assert!(points > 8, "{points}");
}
