//! `appenv_preflight`.

pub mod outside;
