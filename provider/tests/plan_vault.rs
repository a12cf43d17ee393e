// SPDX-License-Identifier: MPL-2.0
//! The texts that go to Vault: frozen, and never more than was meant.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use appenv::plan::Marker;
use appenv::plan::vault::grants::{OpsPart, own_ops, runtime, shared_ops};
use appenv::plan::vault::policy::{Capability, Policy};
use appenv::plan::vault::{
    CiRoleWish, DatabaseRoleWish, KubernetesRoleWish, OpsScope, VaultWish, roles, statements,
};
use proptest::prelude::*;

fn marker(app: &str, env: &str) -> Marker {
    Marker { app: app.to_owned(), env: env.to_owned(), owner: "arcodange/erp".to_owned() }
}

fn wish(app: &str, instance: &str) -> VaultWish {
    VaultWish {
        kv_mount: "kvv2".to_owned(),
        kv_path: format!("{instance}/config"),
        runtime_policy: instance.to_owned(),
        ops_policy: format!("{app}-ops"),
        ops_scope: OpsScope::Instances,
        database: Some(DatabaseRoleWish {
            mount: "postgres".to_owned(),
            connection: "postgres".to_owned(),
            role: instance.to_owned(),
            database: instance.to_owned(),
            owner_role: format!("{}_role", instance.replace('-', "_")),
            default_ttl: Some(3600),
            max_ttl: None,
        }),
        kubernetes: Some(KubernetesRoleWish {
            mount: "kubernetes".to_owned(),
            role: instance.to_owned(),
            service_accounts: vec![instance.to_owned()],
            namespaces: vec![instance.to_owned()],
        }),
        ci: Some(CiRoleWish {
            mount: "gitea_jwt".to_owned(),
            role: format!("gitea_cicd_{app}"),
            bound_claims: BTreeMap::from([(
                "repository".to_owned(),
                format!("arcodange-org/{app}"),
            )]),
            bound_audiences: vec![],
            user_claim: "sub".to_owned(),
            revision: 1,
        }),
    }
}

/// Compares with the golden file. A difference is a change of what stands in the objects of instances that exist:
/// it needs a new version of the convention, not a new file.
fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/vault").join(name);
    let frozen = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, frozen, "{} is frozen with elided-v1", path.display());
}

#[test]
fn policies_are_frozen() {
    let prod = wish("erp", "erp");
    let sandbox = wish("erp", "erp-sandbox");
    golden("runtime-erp-prod.hcl", &runtime(&prod, &marker("erp", "prod")).render().unwrap());
    golden(
        "runtime-erp-sandbox.hcl",
        &runtime(&sandbox, &marker("erp", "sandbox")).render().unwrap(),
    );
    let bare = VaultWish { database: None, ..prod.clone() };
    golden(
        "runtime-without-database.hcl",
        &runtime(&bare, &marker("erp", "prod")).render().unwrap(),
    );
    golden(
        "own-ops-erp-sandbox.hcl",
        &own_ops(&sandbox, &marker("erp", "sandbox")).render().unwrap(),
    );
    let parts = [OpsPart::of(&sandbox), OpsPart::of(&prod)];
    let ops = shared_ops("erp", "arcodange/erp", "kvv2", &parts).unwrap();
    golden("ops-erp-instances.hcl", &ops.render().unwrap());
    let family = OpsPart::of(&VaultWish { ops_scope: OpsScope::Family, ..sandbox.clone() });
    let ops = shared_ops("erp", "arcodange/erp", "kvv2", [&family]).unwrap();
    golden("ops-erp-family.hcl", &ops.render().unwrap());
    let own = OpsPart::of(&VaultWish { ops_scope: OpsScope::Own, ..sandbox });
    assert_eq!(shared_ops("erp", "arcodange/erp", "kvv2", [&own]), None);
}

#[test]
fn roles_are_frozen() {
    let wish = wish("erp", "erp-sandbox");
    let json = |body: appenv::plan::vault::body::Body| {
        serde_json::to_string_pretty(&body.to_json()).unwrap() + "\n"
    };
    golden("database-role.json", &json(roles::database(wish.database.as_ref().unwrap()).unwrap()));
    golden(
        "kubernetes-role.json",
        &json(roles::kubernetes(wish.kubernetes.as_ref().unwrap(), &wish.runtime_policy)),
    );
    golden("ci-role.json", &json(roles::ci(wish.ci.as_ref().unwrap(), &wish.ops_policy)));
    let creation = statements::creation("erp-sandbox", "erp_sandbox_role").unwrap().join(";\n");
    golden("creation.sql", &(creation + ";\n"));
    let revocation = statements::revocation("erp_sandbox_role").unwrap().join(";\n");
    golden("revocation.sql", &(revocation + ";\n"));
}

#[test]
fn no_name_breaks_out_of_a_statement() {
    for name in [
        "",
        "a\"b",
        "a'b",
        "a;b",
        "{{password}}",
        "a$$b",
        "a b",
        "caf\u{e9}",
        "a\0",
        &"x".repeat(64),
    ] {
        assert!(statements::creation(name, "owner").is_err(), "{name:?}");
        assert!(statements::creation("database", name).is_err(), "{name:?}");
        assert!(statements::revocation(name).is_err(), "{name:?}");
    }
}

fn word() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4}){0,3}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    /// Read back, a policy grants what was meant and nothing else.
    #[test]
    fn policies_grant_the_intended_paths(app in word(), env in word(), other in word()) {
        prop_assume!(app != "appenv");
        let instance = format!("{app}-{env}");
        let mine = wish(&app, &instance);
        let theirs = wish(&app, &format!("{app}-{other}"));
        let marker = marker(&app, &env);

        let text = runtime(&mine, &marker).render().unwrap();
        let due = BTreeMap::from([
            (format!("postgres/creds/{instance}"), BTreeSet::from([Capability::Read])),
            (format!("kvv2/data/{instance}/config"), BTreeSet::from([Capability::Read])),
        ]);
        let parsed = Policy::parse(&text).unwrap();
        prop_assert_eq!(parsed.grants, due);
        prop_assert_eq!(Marker::parse(&parsed.header[0]), Some(marker.clone()));

        let parts = [OpsPart::of(&mine), OpsPart::of(&theirs)];
        let text = shared_ops(&app, "o", "kvv2", &parts).unwrap().render().unwrap();
        let write = BTreeSet::from([
            Capability::Create, Capability::Update, Capability::Patch, Capability::Read,
        ]);
        let mut due = BTreeMap::new();
        for document in [&mine.kv_path, &theirs.kv_path] {
            due.insert(format!("kvv2/data/{document}"), write.clone());
            due.insert(format!("kvv2/metadata/{document}"), BTreeSet::from([Capability::Read]));
        }
        prop_assert_eq!(Policy::parse(&text).unwrap().grants, due);
    }

    /// Whatever a name holds, the text is refused or grants exactly the path it names.
    #[test]
    fn no_name_adds_a_stanza(kv_path in any::<String>(), owner in any::<String>()) {
        let wish = VaultWish { kv_path: kv_path.clone(), database: None, ..wish("erp", "erp") };
        let marker = Marker { owner, ..marker("erp", "prod") };
        if let Ok(text) = runtime(&wish, &marker).render() {
            let grants = Policy::parse(&text).unwrap().grants;
            prop_assert_eq!(
                grants.into_keys().collect::<Vec<_>>(),
                vec![format!("kvv2/data/{kv_path}")]
            );
        }
    }
}
