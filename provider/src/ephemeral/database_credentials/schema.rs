// SPDX-License-Identifier: MPL-2.0
//! The schema of `appenv_database_credentials`.

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::Type;

use crate::settings::names;

pub(super) fn schema() -> Schema {
    Schema::new(results(arguments(Block::new(
        "A login to the database of one instance for the time of one run, in no state and no plan: leased from Vault or \
         OpenBao where the provider has a `vault` block, else a temporary role in PostgreSQL. It is renewed while the run \
         needs it and ended when the run is over.",
    ))))
}

fn arguments(block: Block) -> Block {
    block
        .attribute(
            "app",
            Attribute::required(Type::String, "The application, in kebab-case, such as `erp`."),
        )
        .attribute(
            "env",
            Attribute::optional_computed(
                Type::String,
                "The environment, a declared one. Default: the one production environment, where the convention \
                 leaves it out of names.",
            ),
        )
        .single(
            "names",
            names::block("Names in the place of the convention's, as the instance has that overrides them."),
        )
        .attribute(
            "ttl",
            Attribute::optional(
                Type::String,
                "How long the login is asked for each time, such as `15m`; from `1s` to `24h`. Default `1h`. A run that \
                 lasts longer renews it.",
            ),
        )
        .attribute(
            "generation",
            Attribute::optional(
                Type::Number,
                "The instance's `generation`. Known only once the instance was applied, it lets the CLI open the login \
                 after that; a registry that knows a lower one is an error.",
            ),
        )
}

fn results(block: Block) -> Block {
    let text = |description: &str| Attribute::computed(Type::String, description);
    block
        .attribute("username", text("The login."))
        .attribute("password", text("Its password.").sensitive())
        .attribute(
            "host",
            text("The server, as the provider's `postgres` block names it: several are separated by commas, a directory is \
                  that of a Unix socket."),
        )
        .attribute("port", Attribute::computed(Type::Number, "The port, of the first host."))
        .attribute("database", text("The instance's database."))
        .attribute("owner_role", text("The role that the login becomes in that database."))
        .attribute(
            "sslmode",
            text("How the connection is protected; null where nothing is configured and the server is on this machine."),
        )
        .attribute(
            "url",
            text("All of it as a connection URL, user and password percent-encoded.").sensitive(),
        )
        .attribute("lease_id", text("The lease in Vault; null for a temporary role."))
        .attribute(
            "expires_at",
            text("When the login would end if nobody renewed it, RFC 3339 in UTC, as of its opening."),
        )
}
