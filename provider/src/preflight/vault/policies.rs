// SPDX-License-Identifier: MPL-2.0
//! What the instance's policies grant.

use crate::facet::vault::Vault;
use crate::finding::Finding;
use crate::plan::Spec;
use crate::plan::vault::grants::{self, OpsPart};
use crate::plan::vault::policy::{self, Policy, PolicyError};
use crate::plan::vault::{OpsScope, VaultWish};

use super::super::fix;
use super::told;

/// Whether the running instance may lease its login and read its document, and nothing else.
pub(super) const RUNTIME_POLICY: &str = "vault_runtime_policy";
/// Whether those who operate the instance may read and write its document.
pub(super) const OPS_POLICY: &str = "vault_ops_policy";

pub(super) async fn runtime(vault: &Vault, spec: &Spec, wish: &VaultWish, server: &str) -> Finding {
    let wished = grants::runtime(wish, &spec.marker());
    let paths: Vec<String> = wished.grants.keys().map(|path| format!("\"{path}\"")).collect();
    let good = format!("It lets the instance read {}, and nothing else.", paths.join(" and "));
    let target = format!("policy \"{}\" on {server}", wish.runtime_policy);
    told(RUNTIME_POLICY, target, vault.policy(&wish.runtime_policy).await, |text, target| {
        whole(RUNTIME_POLICY, &wish.runtime_policy, text.as_deref(), &wished, &good, target)
    })
}

pub(super) async fn ops(vault: &Vault, spec: &Spec, wish: &VaultWish, server: &str) -> Finding {
    let good = "It lets those who operate the instance read and write its document of secrets.";
    if wish.ops_scope == OpsScope::Own {
        let name = &spec.names.own_ops_policy;
        let wished = grants::own_ops(wish, &spec.marker());
        let target = format!("policy \"{name}\" on {server}");
        return told(OPS_POLICY, target, vault.policy(name).await, |text, target| {
            whole(OPS_POLICY, name, text.as_deref(), &wished, good, target)
        });
    }
    let name = &wish.ops_policy;
    let target = format!("policy \"{name}\" on {server}");
    told(OPS_POLICY, target, vault.policy(name).await, |text, target| {
        shared(name, text.as_deref(), spec, wish, good, target)
    })
}

/// A policy of the instance alone.
fn whole(
    check: &'static str,
    name: &str,
    text: Option<&str>,
    wished: &Policy,
    good: &str,
    target: String,
) -> Finding {
    let how = match text {
        None => "It is not there.".to_owned(),
        Some(text) => match policy::differences(text, &wished.grants, |_| false).as_slice() {
            [] => return Finding::ok(check, target, good),
            differences => format!("{}.", sentence(&differences.join("; "))),
        },
    };
    Finding::fail(check, target, how, write(name, wished.render()))
}

/// The part that the instance has in the policy of its app; the others' stay as they are.
fn shared(
    name: &str,
    text: Option<&str>,
    spec: &Spec,
    wish: &VaultWish,
    good: &str,
    target: String,
) -> Finding {
    let app = spec.coordinate.app();
    let part = OpsPart::of(wish).shared(&wish.kv_mount, app);
    let header = vec![grants::shared_marker(app, &spec.owner)];
    let (how, mut whole) = match text {
        None => ("It is not there.".to_owned(), Policy { header, ..Policy::default() }),
        Some(text) => {
            let differences = policy::differences(text, &part, |path| !part.contains_key(path));
            if differences.is_empty() {
                return Finding::ok(OPS_POLICY, target, good);
            }
            let how = format!("{}.", sentence(&differences.join("; ")));
            let Ok(policy) = Policy::parse(text) else {
                let next = "Apply an instance of the app: that writes the policy with the parts of all of them.";
                return Finding::fail(OPS_POLICY, target, how, next);
            };
            (how, policy)
        }
    };
    whole.grants.extend(part);
    Finding::fail(OPS_POLICY, target, how, write(name, whole.render()))
}

fn write(name: &str, text: Result<String, PolicyError>) -> String {
    match text {
        Ok(text) => fix::with_input(&format!("bao policy write {name} -"), &text),
        Err(_) => "Apply the instance: that writes the policy anew.".to_owned(),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::finding::Status;

    #[test]
    fn a_mended_policy_keeps_what_others_have_in_it() {
        let part = grants::OpsPart {
            scope: OpsScope::Instances,
            kv_path: "erp/config".to_owned(),
            policy: "erp-ops".to_owned(),
        };
        let theirs = grants::shared_ops("erp", "team", "kvv2", [&part]).unwrap();
        let wish = VaultWish {
            kv_mount: "kvv2".to_owned(),
            kv_path: "erp-sandbox/config".to_owned(),
            runtime_policy: "erp-sandbox".to_owned(),
            ops_policy: "erp-ops".to_owned(),
            ops_scope: OpsScope::Instances,
            database: None,
            kubernetes: None,
            ci: None,
        };
        let spec = crate::preflight::tests::spec("erp", "sandbox");
        let text = theirs.render().unwrap();
        let found = shared("erp-ops", Some(&text), &spec, &wish, "good", "policy".to_owned());
        assert_eq!(found.status, Status::Fail);
        assert!(found.detail.contains("\"kvv2/data/erp-sandbox/config\" lacks"), "{found:?}");
        let (_, mended) = found.fix.split_once("<<'EOF'\n").unwrap();
        let mended = mended.strip_suffix("EOF").unwrap();
        assert!(mended.contains("path \"kvv2/data/erp/config\""), "{mended}");
        let again = shared("erp-ops", Some(mended), &spec, &wish, "good", "policy".to_owned());
        assert_eq!(again.status, Status::Ok, "{again:?}");
    }
}
