// SPDX-License-Identifier: MPL-2.0
//! A dotenv file is there, can be read as one, and only by those who should.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use nix::unistd::{Uid, User};

use crate::dotenv;
use crate::finding::Finding;
use crate::preflight::Check;
use crate::preflight::fix::quoted;
use crate::world::World;

const FILE: &str = "dotenv_file";
const MODE: &str = "dotenv_mode";
const OWNER: &str = "dotenv_owner";
const LINK: &str = "dotenv_link";
/// The longest file that is read, bytes.
const LONGEST: u64 = 1 << 20;

/// A dotenv file, and how it should stand.
#[derive(Clone, Debug)]
pub struct DotenvTarget {
    /// Where it is, relative to the working directory; a link is followed.
    pub path: String,
    /// Every permission it may have, such as `0o600`.
    pub mode: u32,
    /// Whose it is, by name or number; `None`: not looked at.
    pub owner: Option<String>,
    /// Where the path must lead to, as the link says it; `None`: not looked at.
    pub link: Option<String>,
}

/// What stands behind the path.
struct Seen {
    mode: u32,
    owner: u32,
    /// What the link says, where the path is one.
    link: Option<String>,
    /// How many keys it has, or why it cannot be read.
    keys: Result<usize, String>,
}

// === impl DotenvTarget ===

impl DotenvTarget {
    /// Looks at the file. Its findings are `dotenv_file` (there, and can be read as a dotenv file), `dotenv_mode`, and where
    /// asked for `dotenv_owner` and `dotenv_link`. Of its keys none is told.
    pub fn check(self, world: Arc<World>) -> Check<'static> {
        let target = format!("dotenv file {:?}", self.path);
        Check::new(FILE, target.clone(), async move {
            // A file system that hangs holds up nothing else.
            let look = move || {
                let found = Seen::of(&self.path, &world);
                self.judge(found, &target)
            };
            tokio::task::spawn_blocking(look).await.unwrap_or_default()
        })
        .also(&[MODE])
    }

    fn judge(&self, found: io::Result<Seen>, target: &str) -> Vec<Finding> {
        let seen = match found {
            Ok(seen) => seen,
            Err(error) => {
                return vec![Finding::fail(
                    FILE,
                    target,
                    format!("It cannot be looked at: {error}."),
                    "Write the file, or correct `path`.",
                )];
            }
        };
        let mut findings = vec![match &seen.keys {
            Ok(keys) => Finding::ok(FILE, target, format!("It can be read, and has {keys} keys.")),
            Err(why) => Finding::fail(
                FILE,
                target,
                format!("It cannot be read: {why}."),
                "Correct the file, or give it to the user that runs this.",
            ),
        }];
        let (mode, most) = (seen.mode & 0o7777, self.mode);
        findings.push(if mode & !most == 0 {
            Finding::ok(MODE, target, format!("Its mode is {mode:04o}."))
        } else {
            Finding::fail(
                MODE,
                target,
                format!("Its mode is {mode:04o}, which permits more than {most:04o}."),
                {
                    // What the owner may not read is of no use.
                    let to = if mode & most & 0o400 == 0 { most } else { mode & most };
                    format!("Run `chmod {to:04o} {}`.", quoted(&self.path))
                },
            )
        });
        findings.extend(self.owner.as_ref().map(|owner| self.judge_owner(owner, &seen, target)));
        findings.extend(self.link.as_ref().map(|link| self.judge_link(link, &seen, target)));
        findings
    }

    fn judge_owner(&self, wanted: &str, seen: &Seen, target: &str) -> Finding {
        let is = name_of(seen.owner);
        let fix = format!("Run `chown {} {}`.", quoted(wanted), quoted(&self.path));
        match id_of(wanted) {
            Some(id) if id == seen.owner => {
                Finding::ok(OWNER, target, format!("It belongs to {is}."))
            }
            Some(_) => {
                Finding::fail(OWNER, target, format!("It belongs to {is}, not to {wanted:?}."), fix)
            }
            None => Finding::fail(
                OWNER,
                target,
                format!("It belongs to {is}; this machine has no user {wanted:?}."),
                "Make the user, or correct `owner`.",
            ),
        }
    }

    fn judge_link(&self, wanted: &str, seen: &Seen, target: &str) -> Finding {
        let fix = format!("Run `ln -sfn {} {}`.", quoted(wanted), quoted(&self.path));
        match &seen.link {
            Some(link) if link == wanted => {
                Finding::ok(LINK, target, format!("It is a link to {link:?}."))
            }
            Some(link) => Finding::fail(
                LINK,
                target,
                format!("It is a link to {link:?}, not to {wanted:?}."),
                fix,
            ),
            None => Finding::fail(
                LINK,
                target,
                format!("It is a file, not a link to {wanted:?}."),
                format!("Move the file to where the link should lead. {fix}"),
            ),
        }
    }
}

// === impl Seen ===

impl Seen {
    fn of(path: &str, world: &World) -> io::Result<Self> {
        let absolute = world.cwd().join(path);
        let file = Path::metadata(&absolute)?;
        let link = absolute.read_link().ok().map(|link| link.to_string_lossy().into_owned());
        let keys = world
            .read_small_file(path, LONGEST)
            .map_err(|error| error.to_string())
            .and_then(|text| dotenv::decode(&text).map_err(|error| error.to_string()))
            .map(|values| values.len());
        Ok(Self { mode: file.mode(), owner: file.uid(), link, keys })
    }
}

/// A user by name, else by number.
fn id_of(user: &str) -> Option<u32> {
    let named = User::from_name(user).ok().flatten().map(|user| user.uid.as_raw());
    named.or_else(|| user.parse().ok())
}

fn name_of(id: u32) -> String {
    let named = User::from_uid(Uid::from_raw(id)).ok().flatten();
    named.map_or_else(|| format!("user {id}"), |user| format!("{:?}", user.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Status;

    fn seen() -> Seen {
        Seen { mode: 0o100_600, owner: 0, link: None, keys: Ok(3) }
    }

    fn target() -> DotenvTarget {
        DotenvTarget { path: ".env".to_owned(), mode: 0o640, owner: None, link: None }
    }

    fn told(target: &DotenvTarget, seen: Seen) -> Vec<(&'static str, Status, String)> {
        let found = target.judge(Ok(seen), "f").into_iter();
        found.map(|found| (found.check, found.status, found.fix)).collect()
    }

    #[test]
    fn less_than_is_permitted_is_fine_and_more_is_not() {
        for (mode, status, fix) in [
            (0o600, Status::Ok, ""),
            (0o640, Status::Ok, ""),
            (0o400, Status::Ok, ""),
            (0o644, Status::Fail, "Run `chmod 0640 .env`."),
            (0o660, Status::Fail, "Run `chmod 0640 .env`."),
            (0o4600, Status::Fail, "Run `chmod 0600 .env`."),
            (0o044, Status::Fail, "Run `chmod 0640 .env`."),
        ] {
            let found = told(&target(), Seen { mode, ..seen() });
            assert_eq!(found[1], (MODE, status, fix.to_owned()), "{mode:o}");
            assert_eq!(found.len(), 2);
        }
    }

    #[test]
    fn owner_and_link_are_told_where_asked_for() {
        let target = DotenvTarget {
            owner: Some("root".to_owned()),
            link: Some("shared/.env".to_owned()),
            ..target()
        };
        let found = told(&target, Seen { link: Some("shared/.env".to_owned()), ..seen() });
        assert!(found.iter().all(|(_, status, _)| *status == Status::Ok), "{found:?}");
        let found = told(&target, Seen { owner: 12345, link: Some("old".to_owned()), ..seen() });
        assert_eq!(found[2], (OWNER, Status::Fail, "Run `chown root .env`.".to_owned()));
        assert_eq!(found[3], (LINK, Status::Fail, "Run `ln -sfn shared/.env .env`.".to_owned()));
        assert_eq!(id_of("12345"), Some(12345));
        assert_eq!(id_of("nobody-of-that-name"), None);
    }
}
