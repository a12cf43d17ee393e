// SPDX-License-Identifier: MPL-2.0
//! The names of secrets below a path.

use std::collections::BTreeSet;

use appenv::store::SecretStore as _;

use crate::{on_moto, place};

#[test]
fn keys_are_the_names_right_below_the_path_page_by_page() {
    on_moto("keys::keys_are_the_names_right_below_the_path_page_by_page", |bench| async move {
        let (store, place) = (bench.store(), place("smartstack", "", None));
        assert_eq!(store.keys(&place).await.unwrap(), BTreeSet::new());
        let mut expected = BTreeSet::from(["db-password".to_owned()]);
        bench.put("/smartstack/dev/db-password", "SecureString", "one").await;
        for index in 10..35 {
            bench.put(&format!("/smartstack/dev/KEY_{index}"), "SecureString", "one").await;
            expected.insert(format!("KEY_{index}"));
        }
        bench.put("/smartstack/dev/deeper/OTHER", "String", "one").await;
        bench.put("/smartstack/prod/OTHER", "String", "one").await;
        assert_eq!(store.keys(&place).await.unwrap(), expected);
    });
}
