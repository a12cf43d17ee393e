// SPDX-License-Identifier: MPL-2.0
//! The file that a floor is set by.

use serde::{Deserialize, Serialize};

use crate::gate::Operation;
use crate::registry::{Floor, MODES};

/// The form of the file.
const VERSION: u32 = 1;

/// A floor and whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloorFile {
    version: u32,
    owner: String,
    floor: Floor,
}

// === impl FloorFile ===

impl FloorFile {
    /// The file of a floor.
    pub fn of(owner: &str, floor: &Floor) -> Self {
        Self { version: VERSION, owner: owner.to_owned(), floor: floor.clone() }
    }

    /// The floor of a file, or why it is none of that owner.
    pub fn read(content: &str, owner: &str) -> Result<Floor, String> {
        let file: Self = serde_json::from_str(content).map_err(|error| error.to_string())?;
        if file.version != VERSION {
            return Err(format!(
                "its version is {}, and this release knows {VERSION}",
                file.version
            ));
        }
        if file.owner != owner {
            return Err(format!("it is that of owner {:?}", file.owner));
        }
        judge(&file.floor)?;
        Ok(file.floor)
    }
}

/// What could never be met, or would protect nothing for a slip of the pen.
fn judge(floor: &Floor) -> Result<(), String> {
    for (env, guarded) in &floor.envs {
        if !MODES.contains(&guarded.mode.as_str()) {
            let modes = MODES.join(", ");
            return Err(format!("mode {:?} of env {env:?} is none of {modes}", guarded.mode));
        }
        if let Some(other) = guarded.allow.iter().find(|name| Operation::parse(name).is_none()) {
            return Err(format!("env {env:?} allows {other:?}, which is no operation"));
        }
        if guarded.promote_from.as_ref() == Some(env) {
            return Err(format!("env {env:?} is promoted from itself"));
        }
        if guarded.soak.is_some() && guarded.promote_from.is_none() {
            return Err(format!("env {env:?} has a soak and no promote_from"));
        }
    }
    if let Some(elided) = &floor.elided
        && floor.envs.get(elided).is_none_or(|guarded| !guarded.production)
    {
        return Err(format!("elided {elided:?} is none of its production envs"));
    }
    match floor.keys.iter().find(|key| !is_fingerprint(key)) {
        Some(other) => Err(format!("{other:?} is no fingerprint as ssh-keygen -l prints them")),
        None => Ok(()),
    }
}

/// SHA-256 in base64 without padding: 43 characters.
fn is_fingerprint(text: &str) -> bool {
    text.strip_prefix("SHA256:").is_some_and(|hash| {
        hash.len() == 43
            && hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn file(floor: &Value) -> String {
        json!({ "version": 1, "owner": "us", "floor": floor }).to_string()
    }

    fn env(more: &Value) -> Value {
        let mut env = json!({ "production": true, "mode": "noop" });
        env.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "envs": { "prod": env } })
    }

    #[test]
    fn what_is_printed_is_read_again() {
        let whole =
            env(&json!({ "allow": ["create", "release"], "promote_from": "dev", "soak": 60 }));
        let floor = FloorFile::read(&file(&whole), "us").unwrap();
        let printed = serde_json::to_string(&FloorFile::of("us", &floor)).unwrap();
        assert_eq!(FloorFile::read(&printed, "us").unwrap(), floor);
        FloorFile::read(&file(&json!({ "envs": {} })), "us").unwrap();
    }

    #[test]
    fn what_is_misspelt_or_means_nothing_is_refused() {
        let key = format!("SHA256:{}", "a".repeat(42));
        for (text, says) in [
            ("{".to_owned(), "EOF"),
            (json!({ "version": 1, "owner": "us" }).to_string(), "missing field `floor`"),
            (json!({ "version": 2, "owner": "us", "floor": {} }).to_string(), "version is 2"),
            (json!({ "version": 1, "owner": "them", "floor": {} }).to_string(), "owner \"them\""),
            (json!({ "version": 1, "owner": "us", "floor": {}, "x": 1 }).to_string(), "`x`"),
            (file(&json!({ "env": {} })), "`env`"),
            (file(&env(&json!({ "prodution": true }))), "`prodution`"),
            (file(&env(&json!({ "mode": "nop" }))), "mode \"nop\""),
            (file(&env(&json!({ "allow": ["creat"] }))), "\"creat\", which is no operation"),
            (file(&env(&json!({ "promote_from": "prod" }))), "from itself"),
            (file(&env(&json!({ "soak": 60 }))), "no promote_from"),
            (file(&json!({ "envs": {}, "elided": "prod" })), "none of its production envs"),
            (file(&json!({ "envs": {}, "keys": [key] })), "no fingerprint"),
        ] {
            let why = FloorFile::read(&text, "us").unwrap_err();
            assert!(why.contains(says), "{text}: {why}");
        }
    }
}
