// SPDX-License-Identifier: MPL-2.0
//! What is planned: many instances, and as many of the CLI's own resource.

use acceptance::provider;

/// The CLI's own resource, which lives in its process.
pub fn builtin(instances: u32) -> String {
    format!(
        "resource \"terraform_data\" \"a\" {{\n  count = {instances}\n  input = \"app${{count.index}}\"\n}}\n"
    )
}

/// Instances by names only.
pub fn named(instances: u32) -> String {
    required() + "provider \"appenv\" {}\n" + &resource(instances)
}

/// Instances with everything on PostgreSQL and OpenBao.
pub fn everything(instances: u32) -> String {
    let provider = "provider \"appenv\" {\n  owner = \"bench/bench\"\n  postgres {}\n  vault {\n    kubernetes {\n      mount = \
                    \"kubernetes\"\n    }\n  }\n}\n";
    required() + provider + &resource(instances)
}

/// One value each, of a type that the provider of `provider/examples/floor.rs` keeps.
pub fn kept(ty: &str, instances: u32) -> String {
    let resource = format!(
        "resource \"{ty}\" \"a\" {{\n  count = {instances}\n  input = \"app${{count.index}}\"\n}}\n"
    );
    required() + "provider \"appenv\" {}\n" + &resource
}

fn required() -> String {
    let source = provider::SOURCE;
    format!(
        "terraform {{\n  required_providers {{\n    appenv = {{\n      source = \"{source}\"\n    }}\n  }}\n}}\n"
    )
}

fn resource(instances: u32) -> String {
    format!(
        "resource \"appenv_app_instance\" \"a\" {{\n  count = {instances}\n  app = \"app${{count.index}}\"\n  env = \
         \"sandbox\"\n}}\n"
    )
}
