//! One app in one env.

/// One app in one env; both in the grammar, and acceptable to the [`Environments`](super::Environments) that made
/// it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinate {
    app: String,
    env: String,
}

impl Coordinate {
    /// Only for what has been judged.
    pub(super) fn judged(app: &str, env: &str) -> Self {
        Self { app: app.to_owned(), env: env.to_owned() }
    }

    /// The app.
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The env.
    pub fn env(&self) -> &str {
        &self.env
    }
}
