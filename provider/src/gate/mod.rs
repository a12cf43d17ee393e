//! What needs approval, and by what it is judged. Pure.

mod operation;
pub mod state;

pub use operation::Operation;
