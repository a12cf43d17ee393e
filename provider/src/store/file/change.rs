// SPDX-License-Identifier: MPL-2.0
//! What is written, step by step: the note with the intent, a copy of the file, the file, the note without. A run that is
//! killed between any two leaves a file that is whole, and a note by which the next one knows it.

use super::files::Files;
use super::{failure, trouble};
use crate::facet::FacetError;
use crate::facet::host::SecretsDir;
use crate::store::note::{Note, Obstacle};
use crate::store::place::Place;
use crate::store::record::{Change, Record};
use crate::store::value::SecretValue;

/// Writes a value or a record, or both.
pub(super) fn write(
    dir: &SecretsDir,
    place: &Place,
    expected: Option<&Record>,
    change: &Change<'_>,
    kept: usize,
    server: &str,
) -> Result<Record, FacetError> {
    let mut files = Files::read(dir, place)?;
    let note = files.notes.of(&place.file, &place.key);
    let steps = note
        .steps(place, files.standings(place), expected, change)
        .map_err(|obstacle| told(dir, place, &files, server, obstacle))?;
    let record = steps.record().cloned();
    let record = record.ok_or_else(|| told(dir, place, &files, server, Obstacle::Missing))?;
    for (key, value) in &steps.values {
        set(&mut files, place, key, value.as_ref())?;
    }
    if let Some(begun) = steps.begun {
        begin(dir, &mut files, place, begun)?;
    }
    if files.save(dir, place, Some(change.now), kept)? {
        files.notes.unmake(&place.file);
    }
    files.notes.put(&place.file, &place.key, steps.done);
    files.notes.write(dir)?;
    Ok(record)
}

/// Removes a key, its former value and its record.
pub(super) fn remove(
    dir: &SecretsDir,
    place: &Place,
    expected: &Record,
    kept: usize,
    server: &str,
) -> Result<(), FacetError> {
    let mut files = Files::read(dir, place)?;
    // Gone already; what stands there without a note is somebody else's.
    let Some(note) = files.notes.find(&place.file, &place.key) else { return Ok(()) };
    let keys = note
        .removal(place, files.standings(place), expected)
        .map_err(|obstacle| told(dir, place, &files, server, obstacle))?;
    for key in &keys {
        files.document.remove(key);
    }
    if files.text.is_some() && files.save(dir, place, None, kept)? {
        files.notes.unmake(&place.file);
    }
    files.notes.strike(&place.file, &place.key);
    files.notes.write(dir)
}

/// Moves a key, its former value and its note, where the old place still has it and the new one has not.
pub(super) fn relocate(
    (old, from): (&SecretsDir, &Place),
    (new, to): (&SecretsDir, &Place),
    expected: &Record,
    kept: usize,
    server: &str,
) -> Result<(), FacetError> {
    let was = Files::read(old, from)?;
    let Some(note) = was.notes.find(&from.file, &from.key).cloned() else { return Ok(()) };
    let mut files = Files::read(new, to)?;
    let there = files.notes.of(&to.file, &to.key).judge(to, files.standings(to));
    let is_there = there.record.as_ref().is_some_and(|record| record.is_same(expected));
    if !is_there || files.document.get(&to.key).is_none() {
        let keys = note
            .removal(from, was.standings(from), expected)
            .map_err(|obstacle| told(old, from, &was, server, obstacle))?;
        if !is_there && there.record.is_some() {
            return Err(told(new, to, &files, server, Obstacle::Changed));
        }
        for key in &keys {
            let moved = if *key == from.key { to.key.clone() } else { to.previous_key() };
            let Some(value) = was.document.get(key).map(SecretValue::new) else { continue };
            if files.document.get(&moved).is_some_and(|there| there != value.expose()) {
                let obstacle =
                    if moved == to.key { Obstacle::Occupied } else { Obstacle::PreviousOccupied };
                return Err(told(new, to, &files, server, obstacle));
            }
            set(&mut files, to, &moved, Some(&value))?;
        }
        // The digests in it hold for the same app, env and key, wherever they are.
        begin(new, &mut files, to, note)?;
        files.save(new, to, None, kept)?;
    }
    // Only now from where it was: a run that is killed leaves it in both, and the next one goes on.
    remove(old, from, expected, kept, server)
}

/// Notes what is about to be written, and a file that is about to be made.
fn begin(dir: &SecretsDir, files: &mut Files, place: &Place, note: Note) -> Result<(), FacetError> {
    if files.text.is_none() {
        files.notes.make(&place.file);
    }
    files.notes.put(&place.file, &place.key, note);
    files.notes.write(dir)
}

/// Puts a value into the document, or takes one out.
fn set(
    files: &mut Files,
    place: &Place,
    key: &str,
    value: Option<&SecretValue>,
) -> Result<(), FacetError> {
    let Some(value) = value else {
        files.document.remove(key);
        return Ok(());
    };
    files.document.set(key, value.expose()).map_err(|error| failure::unwritable(place, key, &error))
}

fn told(
    dir: &SecretsDir,
    place: &Place,
    files: &Files,
    server: &str,
    obstacle: Obstacle,
) -> FacetError {
    trouble::obstacle(place, server, &dir.join(&files.name), obstacle)
}
