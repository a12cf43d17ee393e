// SPDX-License-Identifier: MPL-2.0
//! The schema of the provider block. Structures are nested blocks, so that the CLI refuses a misspelt key.

mod environment;

use tfplugin::schema::{Attribute, Block, Schema};
use tfplugin::value::Type;

use crate::settings::names;

/// The provider block.
pub fn schema() -> Schema {
    Schema::new(
        Block::new(
            "Runs the same application in several environments: every name, the database and its owner role, \
             Vault roles and policies are derived from `app` and `env`. With no argument at all, names and \
             functions work and nothing outside the state is written.",
        )
        .attribute(
            "convention",
            Attribute::optional(
                Type::String,
                "Rule set that turns a coordinate into names: `elided-v1` (default; the production environment has \
                 no suffix), `suffixed-v1` (every name holds its environment) or `underscored-v1` (databases such as \
                 `karmyq_staging`, one owner role for all environments of an app).",
            ),
        )
        .attribute(
            "elided",
            Attribute::optional(
                Type::String,
                "Under `elided-v1`: which production env is left out of names, where several are declared.",
            ),
        )
        .attribute(
            "organization",
            Attribute::optional(Type::String, "Organization of the repositories, for `repository`."),
        )
        .attribute("domain", Attribute::optional(Type::String, "DNS domain, for `dns_host`."))
        .attribute(
            "owner",
            Attribute::optional(
                Type::String,
                "Team or repository that manages these apps; the same in every state of an app. Required once \
                 `postgres`, `vault` or `aws` is configured. It is changed by applying another one from the state that holds \
                 the app.",
            ),
        )
        .list("environment", environment::block())
        .single("postgres", postgres())
        .single("vault", vault())
        .single("host", host())
        .single("aws", aws())
        .single(
            "names",
            names::block(
                "Templates in the place of the convention's: `{app}`, `{env}`, `{service}`, `{instance}`, \
                 `{organization}`, `{domain}` and `{root}` are replaced, `[-{env}]` is dropped where the environment \
                 elides, `{env:main}` is then `main`, and `{app.snake}` has underscores for dashes. A template holds \
                 the app and, unless all environments share the name, the environment.",
            ),
        )
        .attribute(
            "secret_store",
            Attribute::optional(
                Type::String,
                "Where secrets live that name no store: `vault`, `ssm` or `file`. Default: the first of these whose block \
                 (`vault`, `aws`, `host`) is configured. A secret takes it once, at create, and keeps it.",
            ),
        )
        .single("gates", gates())
        .single("state", state())
        .attribute(
            "approvals",
            Attribute::optional(
                Type::List(Box::new(Type::String)),
                "Digests of approved changes of production, each as the refusal of the change shows it. An empty string is \
                 ignored, so that an ephemeral variable can stay empty at plan. Also read from the environment variable \
                 `APPENV_APPROVALS`, separated by commas or white space.",
            ),
        )
        .attribute(
            "approvals_file",
            Attribute::optional(
                Type::String,
                "A file of approvals, relative to the working directory: JSON, `{\"version\": 1, \"approvals\": \
                 [{\"digest\": \"a1-...\", \"expires\": \"2026-01-31T12:00:00Z\", \"ticket\": \"...\", \"approver\": \
                 \"...\"}]}`. `approval show --json` writes it.",
            ),
        )
        .attribute(
            "approval_keys",
            Attribute::optional(
                Type::List(Box::new(Type::String)),
                "Public keys of OpenSSH, a line each. Where there are any, only approvals count that one of them signed: the \
                 signature of `approvals_file` is `FILE.sig` beside it, as `ssh-keygen -Y sign -n appenv -f KEY FILE` writes \
                 it, and each approval must have `expires`.",
            ),
        ),
    )
}

fn gates() -> Block {
    Block::new("What each gate does where its rule is broken.")
        .attribute(
            "naming",
            Attribute::optional(
                Type::String,
                "An app, environment or service whose names could be those of another instance: `enforce` (default) \
                 refuses it, `warn` warns once a run, `off` says nothing. What a target would refuse, and a name that \
                 is another instance's already, is always an error: one of this configuration, one that is registered, and \
                 objects that stand there. Only `enforce` refuses a `kv_path` that the convention gives another instance \
                 which is not there yet.",
            ),
        )
        .attribute(
            "state",
            Attribute::optional(
                Type::String,
                "A change of an instance from a state whose address does not end in `state.prefix`: `enforce` (default) \
                 refuses it at plan and warns once a run where the address cannot be told, `strict` refuses that too, \
                 `warn` warns, `off` says nothing.",
            ),
        )
    .attribute(
        "production",
        Attribute::optional(
            Type::String,
            "A change of a production instance, of its secrets or of what its app shares, that is neither among the \
             `allow` of its environment nor approved: `noop` (default) refuses it at plan, `review` warns at plan and \
             refuses it in apply, `open` lets it pass. What production applies have had cannot be loosened here: see \
             `floor set`.",
        ),
    )
}

fn state() -> Block {
    Block::new("Where states belong.").attribute(
        "prefix",
        Attribute::optional(
            Type::String,
            "What the address of an instance's state ends in, `.tfstate` file apart. Default `{state_prefix}`, the name \
             of that key: one state for each environment of an app. `{app}/main` is one state an app, a literal one for \
             all. The variables are those of `names` but `{service}`, and `{state_prefix}`.",
        ),
    )
}

fn postgres() -> Block {
    Block::new(
        "The PostgreSQL server on which instances get a database and an owner role. What is left \
         out comes from the `PG*` environment variables of libpq.",
    )
    .attribute(
        "url",
        Attribute::optional(
            Type::String,
            "Connection URL, `postgres://user:password@host:5432/postgres?sslmode=verify-full`; several hosts \
             are tried in order. Excludes the other connection arguments.",
        )
        .sensitive(),
    )
    .attribute(
        "host",
        Attribute::optional(Type::String, "Host name, address, or directory of a unix socket."),
    )
    .attribute("port", Attribute::optional(Type::Number, "Port. Default 5432."))
    .attribute(
        "user",
        Attribute::optional(
            Type::String,
            "Login: a superuser, or a role with CREATEROLE and CREATEDB.",
        ),
    )
    .attribute("password", Attribute::optional(Type::String, "Password.").sensitive())
    .attribute(
        "database",
        Attribute::optional(
            Type::String,
            "Maintenance database, which also keeps the registry (schema `appenv`). Default `postgres`.",
        ),
    )
    .attribute(
        "sslmode",
        Attribute::optional(
            Type::String,
            "`disable`, `require`, `verify-ca` or `verify-full`, as libpq has them. Default `verify-full`; \
             `disable` on a unix socket or loopback.",
        ),
    )
    .attribute(
        "sslrootcert",
        Attribute::optional(Type::String, "PEM file of the authorities to trust. Default: the system's."),
    )
}

fn host() -> Block {
    Block::new(
        "The directories of the machine that the provider runs on: each instance gets a directory, one of secrets that \
         no `git clean` reaches, and links from the one to the other.",
    )
    .attribute(
        "root",
        Attribute::required(
            Type::String,
            "Directory of all instances, such as `/opt`, absolute or beginning with `~/`; not in a git work tree. It is made \
             where only its last directory is missing, and also keeps the registry (`.appenv`). Nobody but its owner and root \
             may be able to write to it or to a directory above it.",
        ),
    )
    .attribute(
        "name",
        Attribute::optional(
            Type::String,
            "What the machine is called, such as `prod-1`. The registry keeps it, and a run on a machine of another \
             name changes nothing.",
        ),
    )
    .attribute(
        "backups_kept",
        Attribute::optional(
            Type::Number,
            "How many backups of each file of secrets are kept, 0 to 1000; before a file is changed, a copy of it is put \
             into `backup` beside it, named by time, unless it equals the newest one. Default 10. Backups hold secrets and \
             outlive the instance.",
        ),
    )
}

fn aws() -> Block {
    Block::new(
        "The account and region of AWS whose Parameter Store keeps a registry of instances, and their secrets where the \
         store is `ssm`. Credentials come by the AWS SDK's own chain: environment variables, profile, web identity, \
         container, instance (not IAM Identity Center). What is left out comes from the environment variables and the profile.",
    )
    .attribute(
        "region",
        Attribute::optional(Type::String, "Region, such as `eu-west-3`. Default: `AWS_REGION`, then the profile's."),
    )
    .attribute(
        "profile",
        Attribute::optional(Type::String, "Profile of the shared configuration files. Default: `AWS_PROFILE`."),
    )
    .attribute(
        "endpoint_url",
        Attribute::optional(
            Type::String,
            "URL in the place of AWS's own, for every service that is called. Default: `AWS_ENDPOINT_URL_SSM`, then \
             `AWS_ENDPOINT_URL`. Plain `http` is refused beyond the loopback.",
        ),
    )
    .attribute(
        "expected_account",
        Attribute::optional(
            Type::String,
            "Number of the account, 12 digits. Where the credentials are another account's, nothing is read or written.",
        ),
    )
    .attribute(
        "kms_key",
        Attribute::optional(
            Type::String,
            "Key of KMS that encrypts secrets: id, ARN or `alias/…`. Default: the account's own, `alias/aws/ssm`.",
        ),
    )
}

fn vault() -> Block {
    Block::new(
        "The Vault or OpenBao server on which instances get roles and policies. What is left out comes from the \
         `VAULT_*` or `BAO_*` environment variables. Plain `http` is refused beyond the loopback.",
    )
    .attribute("address", Attribute::optional(Type::String, "URL, such as `https://bao:8200`."))
    .attribute(
        "token",
        Attribute::optional(Type::String, "Token. No child token is made of it.").sensitive(),
    )
    .attribute("namespace", Attribute::optional(Type::String, "Namespace."))
    .attribute(
        "ca_cert_file",
        Attribute::optional(Type::String, "PEM file of the authorities to trust. Default: the system's."),
    )
    .attribute(
        "kv_mount",
        Attribute::optional(Type::String, "Mount of the KV v2 engine. Default `kvv2`."),
    )
    .attribute(
        "database_mount",
        Attribute::optional(Type::String, "Mount of the database engine. Default `postgres`."),
    )
    .attribute(
        "database_connection",
        Attribute::optional(Type::String, "Connection of the database engine. Default `postgres`."),
    )
    .attribute(
        "database_login",
        Attribute::optional(
            Type::String,
            "PostgreSQL login that connection uses. Default: read from the connection.",
        ),
    )
    .single(
        "auth_approle",
        Block::new("Logs in by AppRole.")
            .attribute("mount", Attribute::optional(Type::String, "Mount. Default `approle`."))
            .attribute("role_id", Attribute::required(Type::String, "Role id."))
            .attribute("secret_id", Attribute::required(Type::String, "Secret id.").sensitive()),
    )
    .single(
        "auth_kubernetes",
        Block::new("Logs in by the service account of the pod it runs in.")
            .attribute("mount", Attribute::optional(Type::String, "Mount. Default `kubernetes`."))
            .attribute("role", Attribute::required(Type::String, "Role."))
            .attribute(
                "token_file",
                Attribute::optional(
                    Type::String,
                    "File of the service account token. Default: where Kubernetes puts it.",
                ),
            ),
    )
    .single(
        "auth_jwt",
        Block::new("Logs in by a JWT, as CI has them.")
            .attribute("mount", Attribute::optional(Type::String, "Mount. Default `jwt`."))
            .attribute("role", Attribute::required(Type::String, "Role."))
            .attribute("jwt", Attribute::required(Type::String, "The JWT.").sensitive()),
    )
    .single(
        "kubernetes",
        Block::new("Makes a Kubernetes auth role for each instance. Absent: none.").attribute(
            "mount",
            Attribute::optional(Type::String, "Mount of the auth method. Default `kubernetes`."),
        ),
    )
    .single(
        "ci",
        Block::new(
            "Makes a CI role (JWT auth) for each app, shared by its instances. Absent: none. What is written \
             here is set once per app; it is changed by raising `revision`.",
        )
        .attribute("mount", Attribute::required(Type::String, "Mount of the JWT auth method."))
        .attribute(
            "bound_claims",
            Attribute::optional(
                Type::Map(Box::new(Type::String)),
                "Claims a token must carry; `{organization}` and `{app}` are replaced. One of them must hold \
                 `{app}`, so that a token of one repository cannot act for another. Default: `repository = \
                 \"{organization}/{app}\"`.",
            ),
        )
        .attribute(
            "bound_audiences",
            Attribute::optional(
                Type::Set(Box::new(Type::String)),
                "Audiences a token may be for; needed where the tokens carry one.",
            ),
        )
        .attribute(
            "user_claim",
            Attribute::optional(Type::String, "Claim that names the user. Default `sub`."),
        )
        .attribute(
            "revision",
            Attribute::optional(Type::Number, "Raised to change any of the above. Default 1."),
        ),
    )
}
