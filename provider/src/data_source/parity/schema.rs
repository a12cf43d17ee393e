// SPDX-License-Identifier: MPL-2.0
//! The schema of `appenv_parity`.

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::Type;

use crate::data_source::finding;

/// What the user writes and reads.
pub fn schema() -> Schema {
    let row = Type::list(Type::object([
        ("kind", Type::String),
        ("name", Type::String),
        ("values", Type::map(Type::String)),
    ]));
    Schema::new(
        Block::new(
            "Environments of one application side by side: names of secrets, extensions, services, releases and options, with \
             every difference that nobody allowed as a finding. No value of a secret is read. It writes nothing and takes no \
             lock.",
        )
        .attribute("app", Attribute::required(Type::String, "The application."))
        .attribute(
            "envs",
            Attribute::optional(
                Type::set(Type::String),
                "The environments to compare, declared ones. Default: every one that the registries know of this application.",
            ),
        )
        .attribute(
            "store",
            Attribute::optional(
                Type::String,
                "Where the names of secrets are read: `vault`, `ssm` or `file`. Default: the provider's `secret_store`.",
            ),
        )
        .attribute(
            "timeout",
            Attribute::optional(Type::String, "How long each server may take, such as `30s`, the default."),
        )
        .list("allowed_differences", allowed())
        .attribute(
            "matrix",
            Attribute::computed(
                row,
                "One row a thing: `kind` (`key`, `extension`, `service`, `release`, `option`), `name`, and `values` by \
                 environment: `present` or `absent`, and for releases and options the plain value. An environment that could \
                 not be asked is not in it.",
            ),
        )
        .attribute("findings", Attribute::computed(finding::ty(), finding::FINDINGS))
        .attribute("ok", Attribute::computed(Type::Bool, finding::OK)),
    )
}

fn allowed() -> Block {
    Block::new("A difference that is as it should be.")
        .attribute(
            "kind",
            Attribute::required(Type::String, "`key`, `extension`, `service`, `release` or `option`."),
        )
        .attribute(
            "name",
            Attribute::required(Type::String, "Its name in the matrix; `release` for the release."),
        )
        .attribute("reason", Attribute::required(Type::String, "Why; not empty."))
        .attribute(
            "envs",
            Attribute::optional(
                Type::set(Type::String),
                "The environments that may differ; the others must be alike. Default: each may be as it is.",
            ),
        )
}
