// SPDX-License-Identifier: MPL-2.0
//! The block `environment`: one declared env.

use tfplugin::schema::{Attribute, Block};
use tfplugin::value::Type;

/// The block.
pub(super) fn block() -> Block {
    Block::new(
        "An environment. Declared ones replace the default (`prod`, a production one, `staging`, `sandbox`, \
         `dev`; under `underscored-v1` `production`, a production one, `staging`, `dev`); an undeclared one is an \
         error.",
    )
    .attribute("name", Attribute::required(Type::String, "Name, such as `prod` or `sandbox`."))
    .attribute(
        "production",
        Attribute::optional(Type::Bool, "Whether it is a production environment. Default `false`."),
    )
    .attribute(
        "apps",
        Attribute::optional(
            Type::Set(Box::new(Type::String)),
            "The only apps that may have this environment. Default: every app.",
        ),
    )
    .attribute(
        "allow",
        Attribute::optional(
            Type::Set(Box::new(Type::String)),
            "Operations that need no approval in a production environment: `create` (the default), `adopt`, `update`, \
             `release`, `rename`, `rotate`, `delete`. A list replaces the default; a change that is several of these needs \
             all of them here, or an approval. What the clock alone asks for, the rotation of secrets, is done in \
             production only where `rotate` is among them.",
        ),
    )
    .attribute(
        "promote_from",
        Attribute::optional(
            Type::String,
            "For a production environment: the environment in which a version must have been applied before. Judged by \
             `spec_digest`, for every app that has or had an instance there.",
        ),
    )
    .attribute(
        "soak",
        Attribute::optional(
            Type::String,
            "For how long it must have been applied there, such as `24h`. Default: not at all.",
        ),
    )
    .attribute(
        "evidence",
        Attribute::optional(
            Type::String,
            "Where that environment has another registry: a file that tells what was applied there. Signed, with the \
             signature beside it in `FILE.sig`, where `approval_keys` are set.",
        ),
    )
    .attribute(
        "log_retention_days",
        Attribute::optional(
            Type::Number,
            "For how many days its logs are kept, one of the numbers that CloudWatch Logs takes, such as 7, 14 or 30. No log \
             group is made: the data source `appenv_names` hands it on to the resource that makes one. It is part of no version, \
             and no gate guards it. Default: none.",
        ),
    )
}
