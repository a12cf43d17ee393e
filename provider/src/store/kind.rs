// SPDX-License-Identifier: MPL-2.0
//! Which stores there are.

/// One that a configuration may name.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// What `store` says.
    pub name: &'static str,
    /// The facet whose registry tells whose an instance is; its block in the provider configuration is the store's too.
    pub facet: &'static str,
    /// Keys of the instance's names by which the store finds its secrets. The first is the one to write for another place.
    pub names: &'static [&'static str],
}

/// Every store, in the order in which the default is chosen.
pub static STORES: [Kind; 3] = [
    Kind { name: "vault", facet: "vault", names: &["kv_path", "instance"] },
    Kind { name: "ssm", facet: "aws", names: &["parameter_path"] },
    Kind { name: "file", facet: "host", names: &["secrets_dir"] },
];

// === impl Kind ===

impl Kind {
    /// The store of that name.
    pub fn find(name: &str) -> Option<&'static Self> {
        STORES.iter().find(|kind| kind.name == name)
    }
}

/// Their names, for messages: `` `vault`, `ssm` or `file` ``.
pub fn listed() -> String {
    any_of(STORES.iter().map(|kind| kind.name))
}

/// The blocks that configure them, for messages: `` `vault`, `aws` or `host` ``.
pub fn blocks() -> String {
    any_of(STORES.iter().map(|kind| kind.facet))
}

fn any_of(words: impl Iterator<Item = &'static str>) -> String {
    let mut words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} or {last}", words.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_list_them() {
        assert_eq!(any_of(["vault"].into_iter()), "`vault`");
        assert_eq!(any_of(["vault", "ssm", "file"].into_iter()), "`vault`, `ssm` or `file`");
    }
}
