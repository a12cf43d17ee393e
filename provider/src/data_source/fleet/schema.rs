// SPDX-License-Identifier: MPL-2.0
//! The schema of `appenv_fleet`.

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::Type;

use crate::data_source::finding;

/// What the user writes and reads.
pub fn schema() -> Schema {
    let optional = |text: &str| Attribute::optional(Type::String, text);
    Schema::new(
        Block::new(
            "Every instance that the configured registries know, of whatever state and owner, with what was cut off and what \
             is orphaned. It writes nothing and takes no lock; a registry that cannot be read is a finding.",
        )
        .attribute("app", optional("Only instances of this application."))
        .attribute("env", optional("Only instances in this environment."))
        .attribute("owner", optional("Only instances of this owner."))
        .attribute("timeout", optional("How long each registry may take, such as `30s`, the default."))
        .attribute("instances", Attribute::computed(instances(), "The instances by `app` and `env`: \
             `instance` is null where the environment is not declared; `holder` is the backend address of the state that holds \
             it, where that could be read; `last_apply` is RFC 3339 in UTC; `registries` are those that know it; `status` is \
             `registered`, `pending` (an apply, a deletion or a renaming was cut off), `orphaned` (registered without its \
             objects, or objects with the marker and no registration) or `gone` (deleted)."))
        .attribute("overdue_logins", Attribute::computed(overdue(), "Leased and temporary logins that should be gone: the \
             login's name, until when it was meant to live (null: it is shut), and the server it is on. No password."))
        .attribute("findings", Attribute::computed(finding::ty(), finding::FINDINGS))
        .attribute("ok", Attribute::computed(Type::Bool, finding::OK)),
    )
}

fn instances() -> Type {
    Type::list(Type::object([
        ("app", Type::String),
        ("env", Type::String),
        ("instance", Type::String),
        ("production", Type::Bool),
        ("owner", Type::String),
        ("holder", Type::String),
        ("generation", Type::Number),
        ("release", Type::String),
        ("last_apply", Type::String),
        ("registries", Type::list(Type::String)),
        ("status", Type::String),
    ]))
}

fn overdue() -> Type {
    let fields = ["app", "env", "login", "until", "server"];
    Type::list(Type::object(fields.map(|field| (field, Type::String))))
}
