// SPDX-License-Identifier: MPL-2.0
//! The schema of `appenv_permissions`.

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::Type;

/// What a configuration can write and read.
pub fn schema() -> Schema {
    let rights = || {
        Type::object([
            ("vault_policy", Type::String),
            ("sql", Type::String),
            ("aws_policy", Type::String),
            ("host", Type::String),
        ])
    };
    Schema::new(
        Block::new(
            "The least rights that a plan and an apply of this provider configuration need, as texts to hand to whoever \
             keeps the servers. They are read at plan, and no server is asked.",
        )
        .attribute(
            "instances",
            Attribute::optional(
                Type::list(Type::object([("app", Type::String), ("env", Type::String)])),
                "The instances, an object of `app` and `env` each (null: the default one). Default: any, by the patterns of \
                 the convention.",
            ),
        )
        .attribute(
            "secrets",
            Attribute::optional(Type::Bool, "Whether `appenv_env_secret` is used. Default `true`."),
        )
        .attribute(
            "renames",
            Attribute::optional(
                Type::Bool,
                "Whether instances get other names. Which they had is in no configuration, so the paths are then those of \
                 any instance. Default `false`.",
            ),
        )
        .attribute(
            "credentials",
            Attribute::optional(
                Type::Bool,
                "Whether the ephemeral resource `appenv_database_credentials` is used. Default `false`.",
            ),
        )
        .attribute(
            "force_disconnect",
            Attribute::optional(
                Type::Bool,
                "Whether instances have `force_disconnect`. Default `false`.",
            ),
        )
        .attribute(
            "ops_scope",
            Attribute::optional(
                Type::String,
                "`vault.ops_scope` of the instances: `instances`, `family` or `own`. Default `instances`.",
            ),
        )
        .attribute(
            "plan_login",
            Attribute::optional(Type::String, "Login of PostgreSQL that plans. Default `appenv_plan`."),
        )
        .attribute(
            "apply_login",
            Attribute::optional(
                Type::String,
                "Login of PostgreSQL that applies. Default `appenv_apply`.",
            ),
        )
        .attribute(
            "database",
            Attribute::optional(
                Type::String,
                "Database of the registry. Default: that of the provider's `postgres` block.",
            ),
        )
        .attribute(
            "plan",
            Attribute::computed(
                rights(),
                "For a plan: `vault_policy` (HCL), `sql` (a script), `aws_policy` (JSON) and `host` (rights on files, a \
                 line each); null where the provider has no such block.",
            ),
        )
        .attribute("apply", Attribute::computed(rights(), "The same for an apply, and for the plans before it.")),
    )
}
