// SPDX-License-Identifier: MPL-2.0
//! What was approved, and by which keys: `approvals`, `approvals_file`, `approval_keys` and `APPENV_APPROVALS`.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin::diagnostic::{Diagnostic, Errors};
use tfplugin::value::{Attr, Path};

use super::Known;
use super::model::Model;
use super::signed::{self, Unsigned};
use crate::gate::Approvals;
use crate::gate::approval::Approval;
use crate::gate::approvals_file;
use crate::gate::document::Digest;
use crate::gate::signature::Key;
use crate::naming::shown;
use crate::world::World;

/// The environment variable: digests, separated by commas or white space.
const VARIABLE: &str = "APPENV_APPROVALS";

/// What is written, each with its place in its list.
pub(super) struct Written {
    approvals: Vec<(usize, String)>,
    file: Option<String>,
    keys: Vec<(usize, String)>,
}

/// What is written, once it is known.
pub(super) fn written(model: &Model, need: &mut Known<'_>) -> Written {
    let mut list = |value: &Attr<Vec<Attr<String>>>, name: &str| {
        let entries = need.known(value, Path::attribute(name)).unwrap_or_default();
        let entries = entries.iter().enumerate().filter_map(|(index, entry)| {
            let text = need.text(entry, Path::attribute(name).index(index));
            // One without a value is as an empty one.
            (!entry.is_unknown()).then(|| (index, text.unwrap_or_default()))
        });
        entries.collect()
    };
    let approvals = list(&model.approvals, "approvals");
    let keys = list(&model.approval_keys, "approval_keys");
    let file = need.text(&model.approvals_file, Path::attribute("approvals_file"));
    Written { approvals, file, keys }
}

/// Judges what is known before the provider is configured.
pub(super) fn validate(model: &Model, errors: &mut Errors) {
    let list = |value: &Attr<Vec<Attr<String>>>| -> Vec<(usize, String)> {
        let entries = value.known().into_iter().flatten().enumerate();
        let entries = entries.filter(|(_, entry)| !entry.is_unknown());
        entries.map(|(index, entry)| (index, entry.known().cloned().unwrap_or_default())).collect()
    };
    digests(&list(&model.approvals), errors);
    keys(&list(&model.approval_keys), errors);
}

/// Every approval of this run, and the keys whose signatures count.
pub(super) fn read(written: &Written, world: &World, errors: &mut Errors) -> Approvals {
    let mut given: Vec<Approval> = digests(&written.approvals, errors)
        .into_iter()
        .map(|digest| bare(digest, "`approvals` of the provider block"))
        .collect();
    let keys = keys(&written.keys, errors);
    let text = world.env(VARIABLE).unwrap_or_default();
    for text in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|text| !text.is_empty())
    {
        match Digest::parse(text) {
            Some(digest) => given.push(bare(digest, VARIABLE)),
            None => errors.push(Diagnostic::error(
                format!("{VARIABLE} holds no approval"),
                format!(
                    "The environment variable {VARIABLE} was read for approvals, digests separated by commas or white space: \
                     {}.\n\nNext: copy the whole digest from the refusal, or unset the variable.",
                    approvals_file::fault(text)
                ),
            )),
        }
    }
    if let Some(path) = written.file.as_deref().filter(|path| !path.is_empty()) {
        match file(path, &keys, world) {
            Ok(approvals) => given.extend(approvals),
            Err(error) => errors.push(error.at(Path::attribute("approvals_file"))),
        }
    }
    Approvals::new(given, keys)
}

fn bare(digest: Digest, source: &str) -> Approval {
    Approval {
        digest,
        source: source.to_owned(),
        expires: None,
        approver: None,
        ticket: None,
        key: None,
    }
}

/// Digests of the list. An empty one is what a variable has that is only given at apply.
fn digests(written: &[(usize, String)], errors: &mut Errors) -> Vec<Digest> {
    let mut digests = Vec::new();
    for (index, text) in written.iter().filter(|(_, text)| !text.is_empty()) {
        match Digest::parse(text) {
            Some(digest) => digests.push(digest),
            None => errors.push(
                Diagnostic::error(
                    format!("`approvals[{index}]` is no approval"),
                    format!(
                        "`approvals` lists the digests of approved changes: {}.\n\nNext: copy the whole digest from the \
                         refusal, or take it out of the list.",
                        approvals_file::fault(text)
                    ),
                )
                .at(Path::attribute("approvals").index(*index)),
            ),
        }
    }
    digests
}

/// Keys of the list, by fingerprint. What is wrong is never shown: it could be a private key.
fn keys(written: &[(usize, String)], errors: &mut Errors) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for (index, line) in written {
        let refused = |why: String| {
            Diagnostic::error(
                format!("`approval_keys[{index}]` cannot be used"),
                format!(
                    "`approval_keys` lists public keys of OpenSSH, whose signatures of approvals count. Of this one: \
                     {why}.\n\nNext: give the one line of the file ending in .pub, such as trimspace(file(\"alice.pub\"))."
                ),
            )
            .at(Path::attribute("approval_keys").index(*index))
        };
        match Key::parse(line) {
            Ok(key) if keys.contains_key(key.fingerprint()) => {
                errors
                    .push(refused(format!("the key {} is already in the list", key.fingerprint())));
            }
            Ok(key) => drop(keys.insert(key.fingerprint().to_owned(), key.comment().to_owned())),
            Err(error) => errors.push(refused(error.to_string())),
        }
    }
    keys
}

/// Approvals of a file. Where keys are set and nobody signed it they are kept unsigned, so that a refusal can say so.
fn file(
    path: &str,
    keys: &BTreeMap<String, String>,
    world: &World,
) -> Result<Vec<Approval>, Diagnostic> {
    let refused = |why: String| {
        let sign = if keys.is_empty() {
            ""
        } else {
            ", and sign it again: ssh-keygen -Y sign -n appenv -f KEY FILE"
        };
        Diagnostic::error(
            format!("The approvals file {} cannot be used", shown(path)),
            format!(
                "`approvals_file` was read for approvals: {why}. Nothing is approved by it.\n\nNext: put back the file as it was \
                 approved, or write a new one (terraform-provider-appenv approval show --json){sign}."
            ),
        )
    };
    let fingerprints: BTreeSet<String> = keys.keys().cloned().collect();
    let (bytes, key) = match signed::read(path, &fingerprints, world) {
        Ok((bytes, key)) => (bytes, key),
        Err(Unsigned::Nobody(bytes)) => (bytes, None),
        Err(error) => return Err(refused(error.to_string())),
    };
    let entries = approvals_file::parse(&bytes, !keys.is_empty()).map_err(refused)?;
    let approvals = entries.into_iter().map(|entry| Approval {
        digest: entry.digest,
        source: format!("the file {}", shown(path)),
        expires: entry.expires,
        approver: entry.approver,
        ticket: entry.ticket,
        key: key.clone(),
    });
    Ok(approvals.collect())
}
