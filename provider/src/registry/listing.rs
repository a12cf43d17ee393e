// SPDX-License-Identifier: MPL-2.0
//! What a registry lists without being asked for one instance. Pure.

use super::Entry;

/// Everything that one target tells of its instances.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Whether there is a registry.
    pub founded: bool,
    /// Every registration, tombstones too.
    pub registrations: Vec<Registration>,
    /// Objects with our marker, of instances that no registration here is of.
    pub strays: Vec<Stray>,
    /// Logins whose time is over.
    pub overdue: Vec<Overdue>,
    /// What could not be looked at, and why, one sentence each.
    pub unseen: Vec<String>,
    /// Registrations that could not be read, and why: each hides no other. What happened, and what to do.
    pub unread: Vec<(String, String)>,
}

/// One registration.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    /// The app.
    pub app: String,
    /// The env.
    pub env: String,
    /// What the registry says.
    pub entry: Entry,
    /// What else was begun and did not come to an end: `a copy to database "erp2" was begun`.
    pub unfinished: Option<String>,
    /// What a whole instance has here and this one has not: `database "erp"`.
    pub missing: Vec<String>,
}

/// An object that carries our marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// The app that the marker names.
    pub app: String,
    /// The env that the marker names.
    pub env: String,
    /// The owner that the marker names.
    pub owner: String,
    /// The object: `database "erp"`.
    pub object: String,
}

/// A leased or temporary login that should be gone. Its password is nowhere here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// The app it is for.
    pub app: String,
    /// The env it is for.
    pub env: String,
    /// The role's name.
    pub login: String,
    /// When its time was over, RFC 3339 UTC; `None`: it has no such time, but is shut.
    pub until: Option<String>,
    /// Whether nobody can log in with it any more: its revocation left it only since it owns objects.
    pub shut: bool,
}

// === impl Registration ===

impl Registration {
    /// A whole one.
    pub fn new(app: impl Into<String>, env: impl Into<String>, entry: Entry) -> Self {
        Self { app: app.into(), env: env.into(), entry, unfinished: None, missing: Vec::new() }
    }
}
