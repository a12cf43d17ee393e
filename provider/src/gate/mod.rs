//! What needs approval, and by what it is judged. Pure.

mod operation;

pub use operation::Operation;
