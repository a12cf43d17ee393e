// SPDX-License-Identifier: MPL-2.0
//! The schema of the ephemeral `appenv_env_secret`.

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::Type;

use crate::settings::names;

/// Version 0.
pub fn schema() -> Schema {
    Schema::new(
        Block::new(
            "The value of one secret of one instance, read for the time of one run: for a provider block or a write-only \
             attribute. It is stored nowhere.",
        )
        .attribute("app", Attribute::required(Type::String, "The application, such as `erp`."))
        .attribute(
            "env",
            Attribute::optional_computed(
                Type::String,
                "The environment, a declared one. Default: the one production environment, under `elided-v1`.",
            ),
        )
        .attribute("key", Attribute::required(Type::String, "Name of the secret."))
        .attribute(
            "store",
            Attribute::optional_computed(
                Type::String,
                "Where it lives: `vault`, `file` or `ssm`. Default: the provider's `secret_store`.",
            ),
        )
        .attribute(
            "file",
            Attribute::optional(
                Type::String,
                "Of store `file`: one of the instance's `env_files`. Default: `.env`.",
            ),
        )
        .attribute(
            "parameter_name",
            Attribute::optional(
                Type::String,
                "Of store `ssm`: how the key is spelled in the parameter's name. Default: the key.",
            ),
        )
        .attribute(
            "version",
            Attribute::optional(
                Type::Number,
                "Only for order: with `appenv_env_secret.NAME.version` here, the value is read after that secret is written.",
            ),
        )
        .single(
            "names",
            names::block(
                "Names in the place of the convention's: the same as on the instance, where it has any.",
            ),
        )
        .attribute("path", Attribute::computed(Type::String, "Where the secret is."))
        .attribute("value", Attribute::computed(Type::String, "The value.").sensitive()),
    )
}
