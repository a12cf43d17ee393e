// SPDX-License-Identifier: MPL-2.0
//! Copies of a file of secrets before it is changed: `{file name}.{UTC timestamp}-{counter}`, the newest of them kept.

use crate::facet::FacetError;
use crate::facet::host::SecretsDir;

/// The file by which a copy is written; it does not hold the time, so that the next run finds what a killed one left.
const NEW: &str = "backup.appenv-new";

/// When a copy was made, and which of that second: newer ones are greater.
type Stamp = (String, u64);

/// Copies what is about to change, unless the newest copy is the same, and removes the oldest beyond so many. `now` is RFC
/// 3339; where nobody gives it, the file's own time stands.
pub(super) fn keep(
    dir: &SecretsDir,
    name: &str,
    content: &[u8],
    now: Option<&str>,
    kept: usize,
) -> Result<(), FacetError> {
    let backup = dir.backup()?;
    let mut stamps = of(&backup, name)?;
    if kept > 0 && !is_newest(&backup, name, stamps.last(), content)? {
        let time = if let Some(now) = now {
            now.parse().unwrap_or_default()
        } else {
            let modified = dir.modified(name)?.unwrap_or_default();
            jiff::Timestamp::from_second(modified).unwrap_or_default()
        };
        let mut stamp = (time.strftime("%Y%m%dT%H%M%SZ").to_string(), 1);
        // A clock that went back does not make the new copy an old one.
        if let Some((last, counter)) = stamps.last().filter(|last| last.0 >= stamp.0) {
            stamp = (last.clone(), counter + 1);
        }
        backup.write_by(NEW, &file(name, &stamp), content)?;
        stamps.push(stamp);
    }
    let beyond = stamps.len().saturating_sub(kept);
    for stamp in &stamps[..beyond] {
        backup.remove(&file(name, stamp))?;
    }
    Ok(())
}

/// The copies of a file, oldest first. What has another name is not ours.
fn of(backup: &SecretsDir, name: &str) -> Result<Vec<Stamp>, FacetError> {
    let mut stamps: Vec<Stamp> =
        backup.names()?.iter().filter_map(|found| stamp(found, name)).collect();
    stamps.sort_unstable();
    Ok(stamps)
}

fn is_newest(
    backup: &SecretsDir,
    name: &str,
    newest: Option<&Stamp>,
    content: &[u8],
) -> Result<bool, FacetError> {
    let Some(stamp) = newest else { return Ok(false) };
    let there = backup.read(&file(name, stamp))?;
    Ok(there.is_some_and(|there| there.as_slice() == content))
}

fn file(name: &str, (time, counter): &Stamp) -> String {
    format!("{name}.{time}-{counter}")
}

/// What the name of a copy says; `None`: it is none of that file.
fn stamp(found: &str, name: &str) -> Option<Stamp> {
    let (time, counter) = found.strip_prefix(name)?.strip_prefix('.')?.split_once('-')?;
    let form = b"ddddddddTddddddZ";
    let fits = time.len() == form.len()
        && time.bytes().zip(form).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            other => byte == *other,
        });
    let counter = counter.parse::<u64>().ok().filter(|count| count.to_string() == counter)?;
    fits.then(|| (time.to_owned(), counter))
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn only_names_of_ours_are_copies() {
        assert_eq!(
            stamp(".env.20260101T000000Z-12", ".env"),
            Some(("20260101T000000Z".to_owned(), 12))
        );
        for other in [
            ".env",
            ".env.1",
            ".env.20260101T000000Z",
            ".env.20260101T000000Z-",
            ".env.20260101T000000Z-01",
            ".env.20260101T000000Z-1.gz",
            ".env.staging.users.20260101T000000Z-1",
            ".env.2026-01-01-1",
            "backup.appenv-new",
        ] {
            assert_eq!(stamp(other, ".env"), None, "{other}");
        }
    }
}
