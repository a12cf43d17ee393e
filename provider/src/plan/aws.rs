// SPDX-License-Identifier: MPL-2.0
//! What an instance has in AWS: an entry of the registry, at a path of Parameter Store. Nothing else is made there.

use crate::naming::Coordinate;

/// Below it are all parameters of the registry. No instance has a path there: no app is called so.
pub const ROOT: &str = "/appenv";

/// The parameter that founds the registry; no app begins with `_`.
pub const FOUNDING: &str = "/appenv/_registry";

/// Below it are the floors, one parameter an owner.
pub const FLOORS: &str = "/appenv/_floor";

/// What an instance shall have in AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsWish {
    /// The path of the entries of the app, `/appenv/erp`.
    pub app_path: String,
    /// The parameter of its own entry, `/appenv/erp/prod`.
    pub parameter: String,
}

// === impl AwsWish ===

impl AwsWish {
    /// What an instance has.
    pub fn of(coordinate: &Coordinate) -> Self {
        let app_path = format!("{ROOT}/{}", coordinate.app());
        Self { parameter: format!("{app_path}/{}", coordinate.env()), app_path }
    }
}
