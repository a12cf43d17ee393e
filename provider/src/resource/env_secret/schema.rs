// SPDX-License-Identifier: MPL-2.0
//! The schema of `appenv_env_secret`.

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::{Type, Value};

use crate::settings::names;

/// Version 0.
pub fn schema() -> Schema {
    Schema::new(
        inputs(Block::new(
            "One secret of one instance, in Vault or OpenBao (KV v2), in AWS Parameter Store, or in a dotenv file of this \
             machine. The value is in no state, plan or log: it is given by the write-only `value_wo`, or made by the \
             provider (`generate`). A new value is an update in place.",
        ))
        .attribute("id", computed(Type::String, "`app/env/KEY`; what import takes."))
        .attribute("path", computed(Type::String, "Where the secret is, as the store names it."))
        .attribute(
            "status",
            computed(
                Type::String,
                "How the value stands: `ok`, `changed by hand`, `deleted by hand`, or `differs: …`. What is not `ok` is a \
                 line of the plan; apply writes the value anew.",
            ),
        )
        .attribute(
            "version",
            computed(Type::Number, "The key's own version, raised by each new value."),
        )
        .attribute("created_time", computed(Type::String, "When the value was written, RFC 3339."))
        .attribute(
            "rotates_at",
            computed(Type::String, "When the next value is due, RFC 3339; null without `rotation.every`."),
        )
        .attribute(
            "rotation_due",
            computed(Type::Bool, "Whether that time was over when the secret was last read."),
        )
        .attribute(
            "grace_over",
            computed(
                Type::Bool,
                "Whether the value before is still under `<KEY>_PREVIOUS` although its time was over when the secret was \
                 last read; the next apply removes it.",
            ),
        ),
    )
}

fn inputs(block: Block) -> Block {
    block
        .attribute("app", Attribute::required(Type::String, "The application, such as `erp`."))
        .attribute(
            "env",
            Attribute::optional_computed(
                Type::String,
                "The environment, a declared one. Default: the one production environment, under `elided-v1`; taken once, at \
                 create, and kept.",
            ),
        )
        .attribute(
            "key",
            Attribute::required(
                Type::String,
                "Name of the secret and of the environment variable that it becomes: capital letters, digits and \
                 underscores, at most 128.",
            ),
        )
        .attribute(
            "store",
            Attribute::optional_computed(
                Type::String,
                "Where it lives: `vault`, `file` or `ssm`. Default: the provider's `secret_store`; taken once, at create, \
                 and kept.",
            ),
        )
        .attribute(
            "file",
            Attribute::optional(
                Type::String,
                "Of store `file`: one of the instance's `env_files`, such as `users`. Default: `.env`.",
            ),
        )
        .attribute(
            "parameter_name",
            Attribute::optional(
                Type::String,
                "Of store `ssm`: how the key is spelled in the parameter's name, such as `db-password`. Default: the key.",
            ),
        )
        .attribute(
            "value_wo",
            Attribute::optional(
                Type::String,
                "The value; write-only, so it may come from an ephemeral resource and is stored nowhere. It is written when \
                 `value_wo_version` is raised.",
            )
            .sensitive()
            .write_only(),
        )
        .attribute(
            "value_wo_version",
            Attribute::optional(
                Type::Number,
                "Raise it to have `value_wo` written. It never goes down.",
            ),
        )
        .single("generate", generate())
        .single("rotation", rotation())
        .single(
            "names",
            names::block(
                "Names in the place of the convention's: the same as on the instance, where it has any.",
            ),
        )
        .single("timeouts", timeouts())
}

fn generate() -> Block {
    let class = |what: &str| {
        Attribute::optional_computed(
            Type::Bool,
            &format!("Whether a password has {what}, at least one. Default `true`."),
        )
        .default_value(Value::Bool(true))
    };
    Block::new(
        "How a value is made. It shapes the next value, never the present one: a change here writes nothing.",
    )
    .attribute(
        "kind",
        Attribute::optional_computed(
            Type::String,
            "`password` (default), `hex`, `base64` (random bytes so written) or `uuid` (version 4).",
        )
        .default_value(Value::String("password".to_owned())),
    )
    .attribute(
        "length",
        Attribute::optional_computed(
            Type::Number,
            "Characters of a password; bytes, before they are written out, of `hex` and `base64`. 16 to 1024, default 32.",
        )
        .default_value(Value::from(32_i64)),
    )
    .attribute("lower", class("small letters"))
    .attribute("upper", class("capital letters"))
    .attribute("digits", class("digits"))
    .attribute(
        "symbols",
        Attribute::optional_computed(
            Type::String,
            "Other characters that a password has, at least one of them, such as `-_.`. Default: none, so that it can stand \
             in a URL.",
        )
        .default_value(Value::String(String::new())),
    )
}

fn rotation() -> Block {
    Block::new("When another value is due, and how long the one before stays readable.")
        .attribute(
            "every",
            Attribute::optional(
                Type::String,
                "The longest life of a value, such as `30d`; the first apply after it makes another. Only with `generate`.",
            ),
        )
        .attribute(
            "grace",
            Attribute::optional(
                Type::String,
                "How long the value before stays readable as `<KEY>_PREVIOUS`, such as `7d`; the first apply after it \
                 removes that. Default: not at all.",
            ),
        )
}

fn timeouts() -> Block {
    let one = |what: &str, default: &str| {
        Attribute::optional(
            Type::String,
            &format!("Longest time for {what}, such as `1m`. Default `{default}`."),
        )
    };
    Block::new("How long an operation may take.")
        .attribute("create", one("a create", "5m"))
        .attribute("read", one("a read", "2m"))
        .attribute("update", one("an update", "5m"))
        .attribute("delete", one("a delete", "5m"))
}

fn computed(ty: Type, description: &str) -> Attribute {
    Attribute::computed(ty, description)
}
