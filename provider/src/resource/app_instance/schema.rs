// SPDX-License-Identifier: MPL-2.0
//! The schema of `appenv_app_instance`. Structures are nested blocks, so that the CLI refuses a misspelt key.

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::{Type, Value};

use crate::resolved;
use crate::settings::names;

/// Version 1; `upgrade_v0` knows the one before.
pub fn schema() -> Schema {
    let block =
        inputs(Block::new(
            "One application in one environment: its PostgreSQL database and owner role, its Vault or OpenBao \
             roles and policies, and its names in every other system, all derived from `app` and `env`. What is \
             made outside the state follows the blocks of the provider configuration; with none of them the \
             resource is names only.",
        ))
        .attribute("id", computed(Type::String, "`app/env`; what import takes."))
        .attribute("instance", computed(Type::String, "Name of the instance, such as `erp-sandbox`."))
        .attribute("production", computed(Type::Bool, "Whether the environment is a production one."))
        .attribute("state_prefix", computed(Type::String, "Where the state of this instance belongs, unless the provider's `state.prefix` says otherwise."))
        .attribute(
            "facets",
            computed(
                Type::Set(Box::new(Type::String)),
                "The external systems in which the instance is registered: `postgres`, `vault`, `host`, `aws`.",
            ),
        )
        .attribute(
            "resolved_names",
            computed(
                resolved::ty(),
                "Every name of the instance, by the convention; null where its input (`domain`, `organization`, \
                 a directory root) is not configured.",
            ),
        )
        .attribute(
            "objects",
            computed(
                Type::Map(Box::new(Type::String)),
                "Every object of the instance and how it stands: `ok`, `missing`, or `differs: …`. An object \
                 that was deleted or changed by hand is a line of the plan; apply mends it.",
            ),
        )
        .attribute(
            "kept",
            computed(
                Type::Map(Box::new(Type::String)),
                "Old databases that a renaming by copy keeps, and old paths of directories, which are links; each with the \
                 time until when, RFC 3339.",
            ),
        )
        .attribute(
            "spec_digest",
            computed(
                Type::String,
                "Digest of what is promoted from one environment to the next: release, services, extensions, \
                 encoding, locale, template.",
            ),
        )
        .attribute(
            "generation",
            computed(
                Type::Number,
                "Raised by every apply that changes something outside the state, and by a takeover as soon as it begins; 0 \
                 where nothing is there.",
            ),
        );
    Schema { version: 1, block }
}

/// The identity: the coordinate.
pub fn identity() -> Schema {
    Schema::new(
        Block::new("The coordinate of an instance.")
            .attribute("app", Attribute::required(Type::String, "The application."))
            .attribute("env", Attribute::required(Type::String, "The environment.")),
    )
}

fn inputs(block: Block) -> Block {
    block
        .attribute(
            "app",
            Attribute::required(Type::String, "The application, in kebab-case, such as `erp`."),
        )
        .attribute(
            "env",
            Attribute::optional_computed(
                Type::String,
                "The environment, a declared one. Default: the one production environment, under `elided-v1`; \
                 taken once, at create, and kept.",
            ),
        )
        .attribute(
            "services",
            Attribute::optional(
                Type::Set(Box::new(Type::String)),
                "Parts of the application that get names of their own.",
            ),
        )
        .attribute(
            "release",
            Attribute::optional(Type::String, "The version that runs here; what promotion follows."),
        )
        .single("database", database())
        .single("vault", vault())
        .single("kubernetes", kubernetes())
        .attribute(
            "adopt",
            Attribute::optional_computed(
                Type::String,
                "What a create does about objects that are there under its names and that nobody registered: `refuse` \
                 (default) names them; `verify` takes them over where each is as wished, writing only our markers, and \
                 lists every difference otherwise.",
            )
            .default_value(Value::String("refuse".to_owned())),
        )
        .attribute(
            "rename",
            Attribute::optional_computed(
                Type::String,
                "How a database gets another name (a changed convention, a dropped override): `in_place` (default) renames \
                 it; `copy` makes the new one of it and keeps the old one, closed, for `keep_old`.",
            )
            .default_value(Value::String("in_place".to_owned())),
        )
        .attribute(
            "keep_old",
            Attribute::optional_computed(
                Type::String,
                "How long `rename = \"copy\"` keeps the old database, and a renaming the old paths of directories as links, \
                 such as `7d` (default); the first apply after that drops them.",
            )
            .default_value(Value::String("7d".to_owned())),
        )
        .attribute(
            "env_files",
            Attribute::optional(
                Type::List(Box::new(Type::String)),
                "Files of secrets that the app's directory on the host has links to: \"\" is `.env.{env}`, and `users` is \
                 `.env.{env}.users`. Default `[\"\"]`.",
            ),
        )
        .attribute(
            "deletion_protection",
            Attribute::optional_computed(
                Type::Bool,
                "Whether what the instance has outside the state is safe from deletion. Default: `true` for \
                 production, else `false`.",
            ),
        )
        .attribute(
            "on_destroy",
            Attribute::optional_computed(
                Type::String,
                "`delete` (default) removes every object; `retain` leaves them and ends only the registration.",
            )
            .default_value(Value::String("delete".to_owned())),
        )
        .attribute(
            "force_disconnect",
            Attribute::optional_computed(
                Type::Bool,
                "Whether sessions and leased credentials are ended where they stand in the way of a deletion or a \
                 renaming. Default `false`: it is refused and they are listed.",
            )
            .default_value(Value::Bool(false)),
        )
        .single(
            "names",
            names::block(
                "Names in the place of the convention's, for an instance that was there before. Names that there \
                 are one of for each service are overridden in the provider's block. What a target would refuse, what it keeps \
                 for itself (`postgres`, `template1`, `root`), and the provider's and Vault's own logins are errors.",
            ),
        )
        .single("timeouts", timeouts())
}

fn database() -> Block {
    Block::new("What is wished of the database.")
        .attribute(
            "extensions",
            Attribute::optional(
                Type::Set(Box::new(Type::String)),
                "Extensions to create in the database; others that are there are left alone. One that only a \
                 superuser may create comes into schema `extensions`.",
            ),
        )
        .attribute(
            "connection_limit",
            Attribute::optional(Type::Number, "Most sessions at a time; -1 (default) is no limit."),
        )
        .attribute(
            "encoding",
            Attribute::optional(
                Type::String,
                "Encoding, such as `UTF8`; at create only. Default: the template's.",
            ),
        )
        .attribute(
            "locale",
            Attribute::optional(
                Type::String,
                "Locale, such as `C.UTF-8`; at create only. Default: the template's.",
            ),
        )
        .attribute(
            "template",
            Attribute::optional(
                Type::String,
                "Template database; at create only. Default `template0`.",
            ),
        )
}

fn vault() -> Block {
    Block::new("What is wished of Vault or OpenBao.")
        .attribute(
            "default_ttl",
            Attribute::optional(
                Type::String,
                "Life of a leased database login, such as `1h`. Default: the mount's.",
            ),
        )
        .attribute(
            "max_ttl",
            Attribute::optional(
                Type::String,
                "Longest life of a leased database login, renewals included, such as `24h`. Default: the mount's.",
            ),
        )
        .attribute(
            "ops_scope",
            Attribute::optional(
                Type::String,
                "What the app's ops policy (`<app>-ops`) may reach of this instance: `instances` (default), one \
                 stanza for each registered instance; `family`, the glob `<app>-*`, refused while another \
                 registered app begins with `<app>-`; `own`, nothing: the instance has an ops policy of its \
                 own, `<app>-<env>-ops`.",
            ),
        )
}

fn kubernetes() -> Block {
    Block::new(
        "Who may log in to Vault from Kubernetes; used where `vault.kubernetes` is configured.",
    )
    .attribute(
        "service_accounts",
        Attribute::optional(
            Type::Set(Box::new(Type::String)),
            "Service accounts. Default: the one named by the convention.",
        ),
    )
    .attribute(
        "namespaces",
        Attribute::optional(
            Type::Set(Box::new(Type::String)),
            "Namespaces. Default: the one named by the convention.",
        ),
    )
}

fn timeouts() -> Block {
    let one = |what: &str, default: &str| {
        Attribute::optional(
            Type::String,
            &format!("Longest time for {what}, such as `10m`. Default `{default}`."),
        )
    };
    Block::new(
        "How long an operation may take. Making or dropping a database and creating an extension may take what is left of it, \
         any other statement 30 s.",
    )
        .attribute("create", one("a create", "10m"))
        .attribute("read", one("a read", "2m"))
        .attribute("update", one("an update", "10m"))
        .attribute("delete", one("a delete", "10m"))
}

fn computed(ty: Type, description: &str) -> Attribute {
    Attribute::computed(ty, description)
}
