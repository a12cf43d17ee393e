// SPDX-License-Identifier: MPL-2.0
//! Names for a role of an instance's own, where the one it would have may not be shared.

use super::PostgresWish;
use crate::naming::{self, Coordinate};

/// The template that gives every instance a role of its own, for a user to write.
pub const OWN_ROLE_TEMPLATE: &str = "names { owner_role = \"{app.snake}_{env.snake}_user\" }";

/// Names that its rule allows, the best first; whether one of them is free only the server tells.
pub fn own_roles(wish: &PostgresWish, coordinate: &Coordinate) -> Vec<String> {
    let (first, second) =
        if wish.owner_role.ends_with("_user") { ("user", "role") } else { ("role", "user") };
    let plain = format!("{}_{}", coordinate.app(), coordinate.env()).replace('-', "_");
    let mut names = Vec::new();
    for base in [&wish.database, &plain] {
        // The shortest stays within PostgreSQL's 63 bytes for the longest app and env.
        for suffix in [first, second, "owner", "o", "o2", "x"] {
            let name = format!("{base}_{suffix}");
            let usable = naming::check_name("owner_role", &name).is_ok();
            if usable && name != wish.owner_role && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// The override that gives the instance that role, for a user to write.
pub fn own_role_block(name: &str) -> String {
    format!("names {{ owner_role = \"{name}\" }}")
}

/// What a role that all environments share means for whoever logs in: one line, and why.
pub fn shared_role_warning(role: &str, app: &str) -> (String, String) {
    (
        format!("Role \"{role}\" owns the databases of several environments of app \"{app}\""),
        "The convention gives all environments of an app one owner role, so a login that is leased for one of them \
             reaches the databases of the others on this server too. Production is never among them. To keep two \
             environments apart, give one a role of its own in its block: names { owner_role = \"…\" }."
            .to_owned(),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::naming::Environments;

    fn wish(database: &str, owner_role: &str) -> PostgresWish {
        PostgresWish {
            database: database.to_owned(),
            owner_role: owner_role.to_owned(),
            owner_role_shared: true,
            connection_limit: -1,
            extensions: BTreeSet::new(),
            encoding: None,
            locale: None,
            template: "template0".to_owned(),
            vault_login: None,
            keep_until: None,
            over: BTreeSet::new(),
        }
    }

    fn at(app: &str, env: &str) -> Coordinate {
        Environments::new("underscored-v1", None, Vec::new()).unwrap().coordinate(app, env).unwrap()
    }

    #[test]
    fn the_first_is_named_like_the_database() {
        let staging = at("karmyq", "staging");
        assert_eq!(
            own_roles(&wish("karmyq_staging", "karmyq_user"), &staging)[..2],
            ["karmyq_staging_user", "karmyq_staging_role"]
        );
        assert_eq!(own_roles(&wish("shop", "till_role"), &staging)[0], "shop_role");
    }

    #[test]
    fn each_is_one_that_the_server_takes() {
        let app = "a".repeat(40);
        let longest = at(&app, "production");
        for database in ["d".repeat(63), format!("{app}_production"), "pg-x".to_owned()] {
            let names = own_roles(&wish(&database, "x_user"), &longest);
            assert!(names.len() > 1, "{database}");
            for name in names {
                naming::check_name("owner_role", &name).unwrap();
            }
        }
    }
}
