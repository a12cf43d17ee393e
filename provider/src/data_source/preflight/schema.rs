// SPDX-License-Identifier: MPL-2.0
//! The schema of `appenv_preflight`.

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::Type;

use super::outside;
use crate::data_source::finding;
use crate::settings::names::block;

pub(super) fn schema() -> Schema {
    let instance = Block::new(
        "Whether an instance stands as it should: its names, its database, its roles and policies, its secrets by key \
         name. What is wrong is a finding, never an error. Nothing is written, but for the lease of a `probe`.",
    )
    .attribute("app", Attribute::required(Type::String, "The application, in kebab-case, such as `erp`."))
    .attribute(
        "env",
        Attribute::optional_computed(
            Type::String,
            "The environment, a declared one. Default: the one production environment, where the convention leaves it \
             out of names.",
        ),
    )
    .attribute(
        "services",
        Attribute::optional(
            Type::set(Type::String),
            "Parts of the application that get names of their own.",
        ),
    )
    .single(
        "names",
        block("Names in the place of the convention's, as the instance has that overrides them."),
    )
    .single("kubernetes", kubernetes())
    .attribute(
        "required_keys",
        Attribute::optional(
            Type::set(Type::String),
            "Keys of secrets that must be in the store. Only their names are read.",
        ),
    )
    .attribute(
        "env_example",
        Attribute::optional(
            Type::String,
            "A dotenv file, such as `.env.example`, every key of which must be in the store. A relative path begins in \
             the working directory. Only its keys are read.",
        ),
    )
    .attribute(
        "store",
        Attribute::optional(
            Type::String,
            "Where the secrets are: `vault`, `file` or `ssm`. Default: the provider's.",
        ),
    )
    .attribute(
        "probe",
        Attribute::optional(
            Type::Bool,
            "Leases a login of the instance's database role, logs in to its database, and revokes the lease, at every \
             read. Default `false`.",
        ),
    )
    .attribute(
        "timeout",
        Attribute::optional(
            Type::String,
            "The time within which all checks end, such as `30s`; at most `10m`. Default `10s`.",
        ),
    );
    Schema::new(answers(outside::extend(instance)))
}

fn kubernetes() -> Block {
    let set = |description| Attribute::optional(Type::set(Type::String), description);
    Block::new("Who should be able to log in to Vault from Kubernetes. Default: as the instance is registered.")
        .attribute("service_accounts", set("Service accounts. Default: the one named by the convention."))
        .attribute("namespaces", set("Namespaces. Default: the one named by the convention."))
}

fn answers(block: Block) -> Block {
    block
        .attribute(
            "instance",
            Attribute::computed(
                Type::String,
                "Name of the instance, such as `erp-sandbox`; null where its names cannot be.",
            ),
        )
        .attribute("ok", Attribute::computed(Type::Bool, "Whether nothing failed. Warnings do not count."))
        .attribute(
            "findings",
            Attribute::computed(
                finding::ty(),
                "What was found, in a fixed order: `check` names the check, `target` the object and its server, `status` \
                 is `ok`, `skip`, `warn` or `fail`, `detail` says what was seen, and `fix` what to do, with the SQL or \
                 the command where there is one.",
            ),
        )
}
