// SPDX-License-Identifier: MPL-2.0
//! The schema of the data source `appenv_app_instance`.

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::Type;

use crate::resolved;
use crate::settings::names::block;

/// What the user writes and reads.
pub fn schema() -> Schema {
    let text = |what: &str| Attribute::computed(Type::String, what);
    Schema::new(
        Block::new(
            "One registered instance as its registries and servers have it, without holding it: for a state that uses what \
             another one manages. It writes nothing and takes no lock.",
        )
        .attribute("app", Attribute::required(Type::String, "The application."))
        .attribute(
            "env",
            Attribute::optional_computed(
                Type::String,
                "The environment, a declared one. Default: the one production environment, where the convention leaves it out \
                 of names.",
            ),
        )
        .single(
            "names",
            block(
                "Names in the place of the convention's. What is registered counts; where a name is given here, it must be the \
                 registered one.",
            ),
        )
        .attribute(
            "must_exist",
            Attribute::optional(
                Type::Bool,
                "Whether an instance that is not registered is an error. Default true; with false `registered` tells.",
            ),
        )
        .attribute(
            "timeout",
            Attribute::optional(Type::String, "How long each server may take, such as `30s`, the default."),
        )
        .attribute(
            "registered",
            Attribute::computed(Type::Bool, "Whether a registry has it, pending or live."),
        )
        .attribute("instance", text("Name of the instance, such as `erp-sandbox`."))
        .attribute(
            "production",
            Attribute::computed(Type::Bool, "Whether the environment is, or was at the last apply, a production one."),
        )
        .attribute("state_prefix", text("Where the state of the instance belongs."))
        .attribute("owner", text("The team or repository that manages the app."))
        .attribute("holder", text("Backend address of the state that holds it, where that could be read."))
        .attribute(
            "generation",
            Attribute::computed(Type::Number, "Raised by every apply that changes the instance."),
        )
        .attribute("release", text("The version that runs there, where it is given."))
        .attribute("services", Attribute::computed(Type::set(Type::String), "Parts of the application."))
        .attribute("last_apply", text("When its registration was last written, RFC 3339 in UTC."))
        .attribute("spec_digest", text("Digest of what is promoted between environments."))
        .attribute(
            "registries",
            Attribute::computed(Type::list(Type::String), "Blocks of the targets that have it registered."),
        )
        .attribute(
            "protection",
            Attribute::computed(
                Type::object([
                    ("production", Type::Bool),
                    ("mode", Type::String),
                    ("allow", Type::set(Type::String)),
                    ("promote_from", Type::String),
                ]),
                "What no configuration of the owner may loosen for this environment, as the registry keeps it: `production`, \
                 the `mode` of the production gate, the operations that need no approval, the environment it is promoted \
                 from. Null before the first production apply.",
            ),
        )
        .attribute(
            "resolved_names",
            Attribute::computed(resolved::ty(), "Every name of the instance, with the names it was registered with."),
        )
        .attribute(
            "objects",
            Attribute::computed(
                Type::map(Type::String),
                "Each object against what was last applied: `ok`, `missing` or `differs: …`; `registration` is the \
                 registration itself.",
            ),
        ),
    )
}
