// SPDX-License-Identifier: MPL-2.0
//! The state gate: whether the state of a run is the one that an instance belongs in, judged by its address.
//!
//! An address is cut into segments at `/`, and its last segment is left out where it is a file (`*.tfstate`). It must
//! end in the segments of `state.prefix`, rendered for the instance. Names that hold no `/` are compared whole, since
//! their dashes cannot be told from those of an app: `infra-erp-main` may be `main` of `infra-erp`.
//!
//! A workspace other than `default` is part of the address: it is either the last segment of the prefix, below the key
//! (`erp` in workspace `sandbox`), or another of its segments, where the backend writes it.

use crate::naming::shown;

/// The backends whose address the working directory tells, as the backend block names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the backend of that name")]
pub enum Backend {
    Azurerm,
    Consul,
    Cos,
    Gcs,
    Http,
    Kubernetes,
    Local,
    Oci,
    Oss,
    Pg,
    S3,
}

/// Where a state is, as its backend resolves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The backend.
    pub backend: Backend,
    /// As it is told to users: no credential is in it.
    pub shown: String,
    /// The workspace; `None`: `default`, or a backend without workspaces.
    pub workspace: Option<String>,
    /// Whether `TF_WORKSPACE` chose the workspace, which `workspace select` then cannot change.
    pub is_workspace_fixed: bool,
    /// What the address is in workspace `default`, cut into segments; several where any of them may tell.
    keys: Vec<Vec<String>>,
    /// What stands below the workspace's segment in every other workspace.
    below: Vec<Vec<String>>,
    /// What stands above the workspace's segment; `None` where the backend writes the workspace behind the key.
    above: Option<Vec<String>>,
}

/// Why an address cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is no cached backend, in the file of that path.
    #[error(
        "there is no backend in {0}: the configuration has no backend block, or the directory was not \
         initialised, as where a saved plan is applied on another machine"
    )]
    NoBackend(String),
    /// The file of that path is no cached backend.
    #[error("{0} cannot be read as the file in which the CLI keeps its backend")]
    NoBackendFile(String),
    /// The state is in a state store.
    #[error("the state is in a `state_store`, whose address only its own provider knows")]
    StateStore,
    /// The backend keeps states by workspace.
    #[error(
        "the backend \"{0}\" keeps states by workspaces of its own, which the working directory does not tell"
    )]
    Remote(&'static str),
    /// A backend that is not known.
    #[error("the backend {} is not known", shown(.0))]
    Unknown(String),
    /// What the address is made of is given in a way that the working directory does not tell.
    #[error("the working directory does not tell `{argument}` of the backend \"{}\"", .backend.name())]
    Missing {
        /// The backend.
        backend: Backend,
        /// Its argument.
        argument: &'static str,
    },
}

/// What the gate found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// The state is the instance's.
    Match,
    /// It is another one.
    Mismatch(&'a Address),
    /// It cannot be told.
    Undeterminable(&'a Unreadable),
}

/// What would make a state the instance's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// The workspace that alone would do.
    pub workspace: Option<String>,
    /// The argument of the backend block.
    pub argument: &'static str,
    /// Its value, in workspace `default`.
    pub value: String,
}

/// Judges an address by the prefix that is rendered for an instance.
pub fn judge<'a>(address: &'a Result<Address, Unreadable>, prefix: &str) -> Verdict<'a> {
    match address {
        Ok(address) if address.ends_in(prefix) => Verdict::Match,
        Ok(address) => Verdict::Mismatch(address),
        Err(why) => Verdict::Undeterminable(why),
    }
}

/// The segments of an address or a prefix; what names the file itself is left out.
pub fn segments(text: &str) -> Vec<String> {
    let mut segments: Vec<_> = split(text).map(str::to_owned).collect();
    segments.pop_if(|last| last.ends_with(".tfstate"));
    segments
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split('/').filter(|segment| !segment.is_empty())
}

// === impl Backend ===

impl Backend {
    const ALL: [(&'static str, Self); 11] = [
        ("azurerm", Self::Azurerm),
        ("consul", Self::Consul),
        ("cos", Self::Cos),
        ("gcs", Self::Gcs),
        ("http", Self::Http),
        ("kubernetes", Self::Kubernetes),
        ("local", Self::Local),
        ("oci", Self::Oci),
        ("oss", Self::Oss),
        ("pg", Self::Pg),
        ("s3", Self::S3),
    ];

    /// As the backend block names it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, backend)| *backend == self).map_or("", |(name, _)| name)
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, backend)| *backend)
    }

    /// What `/` may read as, where names hold none.
    fn separator(self) -> Option<&'static str> {
        match self {
            Self::Http | Self::Kubernetes => Some("-"),
            Self::Pg => Some("_"),
            _ => None,
        }
    }

    /// The argument that says where the state is.
    pub fn argument(self) -> &'static str {
        match self {
            Self::Azurerm | Self::Cos | Self::Oci | Self::Oss | Self::S3 => "key",
            Self::Consul | Self::Local => "path",
            Self::Gcs => "prefix",
            Self::Http => "address",
            Self::Kubernetes => "secret_suffix",
            Self::Pg => "schema_name",
        }
    }

    /// A prefix as it is told for this backend.
    pub fn written(self, prefix: &str) -> String {
        let segments = segments(prefix);
        segments.join(self.separator().unwrap_or("/"))
    }

    /// Whether a key is the prefix: its last segments are, or its last one is the whole of it.
    fn is_in(self, key: &[String], prefix: &[String]) -> bool {
        let joined = || self.separator().map(|separator| prefix.join(separator));
        !prefix.is_empty()
            && (key.ends_with(prefix) || (key.last().cloned() == joined() && !key.is_empty()))
    }
}

// === impl Address ===

impl Address {
    /// An address in workspace `default`, told by any of the keys.
    pub fn new(backend: Backend, shown: String, keys: &[&str]) -> Self {
        let keys: Vec<_> = keys.iter().map(|key| segments(key)).collect();
        Self {
            backend,
            shown,
            workspace: None,
            is_workspace_fixed: false,
            below: keys.clone(),
            keys,
            above: None,
        }
    }

    /// With the segments that the backend writes above the workspace, and the key that it writes below it.
    #[must_use]
    pub fn with_workspaces_below(mut self, above: &str, key: &str) -> Self {
        self.above = Some(split(above).map(str::to_owned).collect());
        self.below = vec![segments(key)];
        self
    }

    /// In that workspace.
    #[must_use]
    pub fn in_workspace(mut self, name: Option<String>, is_fixed: bool) -> Self {
        self.workspace = name;
        self.is_workspace_fixed = is_fixed;
        self
    }

    /// Whether it ends in a prefix.
    fn ends_in(&self, prefix: &str) -> bool {
        self.ends_there(self.workspace.as_deref(), &segments(prefix))
    }

    fn ends_there(&self, workspace: Option<&str>, prefix: &[String]) -> bool {
        let Some(workspace) = workspace else {
            return self.keys.iter().any(|key| self.backend.is_in(key, prefix));
        };
        self.below.iter().any(|key| {
            let is_last = prefix.split_last().is_some_and(|(last, rest)| {
                last == workspace && (rest.is_empty() || self.backend.is_in(key, rest))
            });
            let whole = match &self.above {
                Some(above) => [above.as_slice(), &[workspace.to_owned()], key].concat(),
                None => key.clone(),
            };
            let is_part = prefix.iter().any(|segment| segment == workspace);
            is_last || (is_part && self.backend.is_in(&whole, prefix))
        })
    }

    /// What would make it the state of the instance with that prefix.
    pub fn remedy(&self, prefix: &str) -> Remedy {
        let wanted = segments(prefix);
        let last = wanted.last().map(String::as_str);
        let candidates = [None, last].into_iter();
        let workspace = candidates
            .filter(|_| self.backend != Backend::Http)
            .find(|workspace| self.ends_there(*workspace, &wanted))
            .map(|workspace| workspace.unwrap_or("default").to_owned());
        let value = match self.backend {
            Backend::Gcs | Backend::Consul => wanted.join("/"),
            Backend::Pg | Backend::Kubernetes => self.backend.written(prefix),
            Backend::Http => self.url(&wanted),
            _ => format!("{}/terraform.tfstate", wanted.join("/")),
        };
        Remedy { workspace, argument: self.backend.argument(), value }
    }

    /// The URL of another state beside this one.
    fn url(&self, wanted: &[String]) -> String {
        let origin = self.shown.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let path = self.keys.first().map(Vec::as_slice).unwrap_or_default();
        let beside = path.split_last().map(|(_, beside)| beside).unwrap_or_default();
        let name = match wanted.split_last() {
            Some((last, rest)) if !rest.is_empty() && beside.ends_with(rest) => last.clone(),
            _ => wanted.join("-"),
        };
        let path: Vec<_> = beside.iter().chain([&name]).map(String::as_str).collect();
        format!("{origin}/{}", path.join("/"))
    }
}

#[cfg(test)]
mod tests;
