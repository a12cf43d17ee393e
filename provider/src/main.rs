//! The provider's process.

use std::process::ExitCode;

use appenv::provider::Appenv;
use appenv::world::World;
use tfplugin::serve::{Options, serve};

fn main() -> ExitCode {
    let debug = std::env::args().any(|argument| argument == "--debug" || argument == "-debug");
    let options = Options { address: "registry.terraform.io/arcodange/appenv".to_owned(), debug };
    serve(Appenv::new(World::real()), &options)
}
