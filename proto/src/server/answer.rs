// SPDX-License-Identifier: MPL-2.0
//! What an author answers, made fit to be stored.

use crate::diagnostic::Errors;
use crate::value::Value;
use crate::wire::tfplugin6 as wire;

use super::call::{bug, guard_sync};
use super::convert::encode_identity;
use super::rules::{null_unknown, null_write_only, unknown_paths};
use super::twin::{AnyResource, Face};

/// Takes write-only values out of an object, and what is unknown; the latter is a mistake of the provider's.
pub(super) fn settle(face: &Face, subject: &str, verb: &str, object: &mut Value) -> Errors {
    face.schema.block.complete(object);
    null_write_only(&face.schema.block, object);
    let mut errors = Errors::new();
    for path in unknown_paths(object, &face.ty) {
        let problem = format!("After {verb}, the value of \"{path}\" is still not known.");
        errors.push(bug(subject, problem).at(path));
    }
    null_unknown(object);
    errors
}

/// Asks for the identity of an object; there is none where the author gives none or it is not known yet.
pub(super) fn identity(
    twin: &dyn AnyResource,
    subject: &str,
    object: &Value,
) -> Result<Option<wire::ResourceIdentityData>, Errors> {
    let Some(face) = twin.identity_face().filter(|_| !object.is_null()) else { return Ok(None) };
    guard_sync("Identity", subject, || twin.identity(object.clone()))?
        .filter(Value::is_wholly_known)
        .map(|identity| encode_identity(&identity, face, subject))
        .transpose()
}
