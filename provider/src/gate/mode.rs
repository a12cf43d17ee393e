// SPDX-License-Identifier: MPL-2.0
//! What the production gate does.

/// What the production gate does with a change that is neither allowed nor approved; from the loosest to the tightest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Nothing.
    Open,
    /// Warns at plan, and refuses it in apply.
    Review,
    /// Refuses it at plan and in apply.
    #[default]
    Noop,
}

// === impl Mode ===

impl Mode {
    /// All of them, from the loosest to the tightest.
    pub const ALL: [Self; 3] = [Self::Open, Self::Review, Self::Noop];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Review => "review",
            Self::Noop => "noop",
        }
    }

    /// The one of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::Mode;

    #[test]
    fn names_read_back_and_modes_are_ordered() {
        for mode in Mode::ALL {
            assert_eq!(Mode::parse(mode.name()), Some(mode));
        }
        assert_eq!(Mode::parse("Noop"), None);
        assert!(Mode::Open < Mode::Review && Mode::Review < Mode::Noop);
    }
}
