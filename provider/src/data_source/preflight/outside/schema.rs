// SPDX-License-Identifier: MPL-2.0
//! The schema of what is outside of every facet.

use tfplugin::schema::{Attribute, Block};
use tfplugin::value::Type;

use super::{CERTIFICATE_DAYS, HTTP_STATUS, REDIS_PORT, TLS_PORT};

/// A block with these blocks and attributes more.
pub fn extend(block: Block) -> Block {
    block
        .attribute(
            "environment_variables",
            text_set(
                "Environment variables that must be set, and not empty, where the provider runs. Their values are not looked \
                 at.",
            ),
        )
        .list("redis", redis())
        .list("http", http())
        .list("certificate", certificate())
        .list("dotenv", dotenv())
        .list("file_matches", file_matches())
}

fn redis() -> Block {
    Block::new("A Redis, or what speaks like one: connects, logs in, and sends `PING`.")
        .attribute("host", text_required("DNS name or address."))
        .attribute("port", number(&format!("TCP port. Default: `{REDIS_PORT}`.")))
        .attribute(
            "tls",
            Attribute::optional(
                Type::Bool,
                "Whether it speaks TLS, as a `rediss://` address says. Default: `false`.",
            ),
        )
        .attribute("ca_cert_file", ca_cert_file())
        .attribute("username", text("User of an ACL. Default: the default user."))
        .attribute(
            "password",
            Attribute::optional(
                Type::String,
                "Its password. A data source keeps it in the state: give `password_env` instead, or an ephemeral run of the \
                 command `check`.",
            )
            .sensitive(),
        )
        .attribute(
            "password_env",
            text(
                "Environment variable of the provider that holds the password; so it is in no state. Not together with \
                 `password`.",
            ),
        )
}

fn http() -> Block {
    Block::new("A health address: sends one GET, and follows no redirect.")
        .attribute("name", text_required("What findings call it, such as `erp`."))
        .attribute(
            "url",
            text_required(
                "Where it is, `http://` or `https://`. Findings tell nothing of its user, password and query, but the state \
                 holds them.",
            ),
        )
        .attribute(
            "expected_status",
            number(&format!("The status it must answer with. Default: `{HTTP_STATUS}`.")),
        )
        .attribute(
            "max_latency_ms",
            number("An answer that takes longer, in milliseconds, is a warning. Default: none is."),
        )
        .attribute("ca_cert_file", ca_cert_file())
}

fn certificate() -> Block {
    Block::new(
        "The certificate of an endpoint where TLS begins with the first byte: valid now, for how long, and for the name. \
         Who signed it does not matter.",
    )
    .attribute("host", text_required("DNS name or address to connect to."))
    .attribute("port", number(&format!("TCP port. Default: `{TLS_PORT}`.")))
    .attribute(
        "server_name",
        text("The name that is asked for, and that the certificate must have. Default: `host`."),
    )
    .attribute(
        "min_days",
        number(&format!("With fewer days left it is a warning. Default: `{CERTIFICATE_DAYS}`.")),
    )
}

fn dotenv() -> Block {
    Block::new("A dotenv file on the machine where the provider runs.")
        .attribute("path", text_required("Where it is, relative to the working directory."))
        .attribute(
            "mode",
            text(
                "Every permission it may have, in octal: `0600` (default) or `0640`. A mode with less is fine.",
            ),
        )
        .attribute("owner", text("The user it must belong to, by name or number."))
        .attribute("link", text("Where `path` must lead to, as the link has it."))
}

fn file_matches() -> Block {
    Block::new(
        "A file that must name this environment, such as a docker compose file or the unit of a process manager.",
    )
    .attribute("path", text_required("Where it is, relative to the working directory."))
    .attribute("contains", text_set("Text that some line must have, each."))
    .attribute(
        "pattern",
        text("A regular expression (syntax of the Rust crate `regex`) that some line must match."),
    )
}

fn ca_cert_file() -> Attribute {
    text(
        "File of the authorities of its certificate, PEM, relative to the working directory. Default: those of the machine.",
    )
}

fn text(description: &str) -> Attribute {
    Attribute::optional(Type::String, description)
}

fn text_required(description: &str) -> Attribute {
    Attribute::required(Type::String, description)
}

fn text_set(description: &str) -> Attribute {
    Attribute::optional(Type::set(Type::String), description)
}

fn number(description: &str) -> Attribute {
    Attribute::optional(Type::Number, description)
}
