// SPDX-License-Identifier: MPL-2.0
//! A coordinate becomes names. Pure: depends on nothing of this crate, does no I/O.
//!
//! # Layout
//!
//! - [`check_app`], [`check_env`], [`check_service`]: the grammar, judged without any configuration.
//! - [`Environments`]: the convention and the declared envs; the only maker of a [`Coordinate`].
//! - [`Names`]: every name of one instance; [`row`]: the list of those names; `target`: what each may be, as data,
//!   and `limit`, which judges by it. [`Overrides`]: names that are written instead.
//! - [`StatePrefix`]: where the state of an instance belongs.
//! - [`Template`]: how a convention writes a name. `convention`: the conventions, as data.
//! - [`parse_instance`]: from a name back to its coordinate.
//! - [`NameError`]: what all of them answer.
//!
//! # Why no two instances meet
//!
//! Within each target's name space a name belongs to one instance (or, where shared, to one app). Names are words
//! joined by dashes, so two can only meet where the words of one coordinate can be cut into another. The refusals
//! of `ambiguity` take away each such cut, and reserved words take away the fixed parts of templates (`main`,
//! `secrets`, `-ops`). A property test tries them on generated declarations.

mod ambiguity;
mod convention;
mod coordinate;
mod environments;
mod error;
mod grammar;
mod limit;
mod names;
mod overrides;
mod parse;
pub mod row;
mod state_prefix;
mod target;
mod template;

pub use coordinate::Coordinate;
pub use environments::{Declared, Environments};
pub use error::{NameError, Subject, shown};
pub use grammar::{APP_BYTES, ENV_BYTES, SERVICE_BYTES, check_app, check_env, check_service};
pub use limit::{check_name, check_root};
pub use names::{Inputs, Names};
pub use overrides::Overrides;
pub use parse::parse_instance;
pub use row::{ROWS, Row, RowValue};
pub use state_prefix::StatePrefix;
pub use template::{Template, Values, Variable};
