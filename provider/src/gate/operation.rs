// SPDX-License-Identifier: MPL-2.0
//! What can be done to an instance and to its secrets.

/// One kind of change, as `environment.allow` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Something is made that was not there.
    Create,
    /// Something that is there is taken over.
    Adopt,
    /// Something is changed in place.
    Update,
    /// Only the release changes.
    Release,
    /// Something gets another name.
    Rename,
    /// A secret gets another value, or the value before it goes.
    Rotate,
    /// Something is removed.
    Delete,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Create,
        Self::Adopt,
        Self::Update,
        Self::Release,
        Self::Rename,
        Self::Rotate,
        Self::Delete,
    ];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Adopt => "adopt",
            Self::Update => "update",
            Self::Release => "release",
            Self::Rename => "rename",
            Self::Rotate => "rotate",
            Self::Delete => "delete",
        }
    }

    /// The one of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::Operation;

    #[test]
    fn names_read_back() {
        for operation in Operation::ALL {
            assert_eq!(Operation::parse(operation.name()), Some(operation));
        }
        assert_eq!(Operation::parse("Rotate"), None);
    }
}
