// SPDX-License-Identifier: MPL-2.0
//! What each target allows a name to be, as data; `limit` judges by it.

/// What one kind of name may be.
#[derive(Debug)]
pub(super) struct Rule {
    /// What has that name, for a message: `a PostgreSQL database`.
    pub(super) kind: &'static str,
    /// The longest name, in bytes.
    pub(super) bytes: usize,
    /// Whose limit that is.
    pub(super) whose: &'static str,
    /// What a name begins with and what stands between its parts.
    pub(super) shape: Shape,
    /// The longest part, in bytes.
    pub(super) part_bytes: usize,
    /// The characters of a part.
    pub(super) allowed: fn(char) -> bool,
    /// The characters a part begins with.
    pub(super) first: fn(char) -> bool,
    /// The characters a part ends with.
    pub(super) last: fn(char) -> bool,
    /// The above in words.
    pub(super) alphabet: &'static str,
    /// Names never allowed, in lower case; `*` at the end stands for the rest. Of paths, the first part.
    pub(super) never: &'static [&'static str],
}

/// How a name falls into parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One part.
    Word,
    /// Parts with dots between.
    Dotted,
    /// Parts with slashes between.
    Relative,
    /// A slash, then parts with slashes between, at most so many.
    Absolute(usize),
    /// As absolute, or `~/` before the parts.
    Directory,
}

const NO_LIMIT: usize = usize::MAX;

fn lower(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}
fn lower_dash(c: char) -> bool {
    lower(c) || c == '-'
}
fn word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
fn word_dash(c: char) -> bool {
    word(c) || c == '-'
}
fn word_dash_dot(c: char) -> bool {
    word_dash(c) || c == '.'
}
fn policy_edge(c: char) -> bool {
    lower(c) || c == '_'
}
fn policy(c: char) -> bool {
    policy_edge(c) || matches!(c, '-' | '.')
}
fn identifier_first(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}
fn iam(c: char) -> bool {
    word_dash(c) || matches!(c, '+' | '=' | ',' | '.' | '@')
}
fn log_group(c: char) -> bool {
    word_dash_dot(c) || c == '#'
}
fn file(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || (c.is_ascii_graphic() && !"/[]{}".contains(c))
}

/// PostgreSQL, "Identifiers and Key Words": `NAMEDATALEN` - 1 bytes, the rest is cut off without an error. The
/// server takes any character; these need no thought in a shell or a connection string. `template0`, `template1`
/// and `postgres` are made by `initdb`.
const POSTGRES: Rule = Rule {
    kind: "a PostgreSQL database",
    bytes: 63,
    whose: "PostgreSQL",
    shape: Shape::Word,
    part_bytes: NO_LIMIT,
    allowed: word_dash,
    first: identifier_first,
    last: word_dash,
    alphabet: "ASCII letters, digits, underscores and dashes, beginning with a letter or an underscore",
    never: &["default", "root", "postgres", "template*", "pg_*"],
};

/// Kubernetes, "Object Names and IDs": an RFC 1123 label.
const KUBERNETES: Rule = Rule {
    kind: "a Kubernetes object",
    bytes: 63,
    whose: "Kubernetes (a DNS label, RFC 1123)",
    shape: Shape::Word,
    part_bytes: NO_LIMIT,
    allowed: lower_dash,
    first: lower,
    last: lower,
    alphabet: "lower-case ASCII letters, digits and dashes, beginning and ending with a letter or digit",
    never: &["default", "root", "postgres"],
};

/// Vault's and OpenBao's pattern for role names in the database, Kubernetes and JWT engines. They state no limit;
/// the file storage keeps each segment of a path as a file name behind one underscore.
const VAULT_ROLE: Rule = Rule {
    kind: "a Vault role",
    bytes: 254,
    whose: "Vault (its file storage)",
    shape: Shape::Word,
    part_bytes: NO_LIMIT,
    allowed: word_dash_dot,
    first: word,
    last: word,
    alphabet: "ASCII letters, digits, underscores, dashes and dots, beginning and ending with none of the last two",
    never: &["default", "root", "postgres", "pg_*"],
};

pub(super) const INSTANCE: Rule = Rule { kind: "an instance", ..KUBERNETES };
pub(super) const SERVICE: Rule = Rule { kind: "the name of a service", ..KUBERNETES };
pub(super) const DATABASE: Rule = POSTGRES;

/// PostgreSQL refuses the roles `public` and `none` and the prefix `pg_` (CREATE ROLE, "Predefined Roles").
pub(super) const OWNER_ROLE: Rule = Rule {
    kind: "a PostgreSQL role",
    never: &["default", "root", "postgres", "pg_*", "public", "none"],
    ..POSTGRES
};

/// Kubernetes, "Namespaces": the prefix `kube-` is kept for the system's own.
pub(super) const NAMESPACE: Rule = Rule {
    kind: "a Kubernetes namespace",
    never: &["default", "root", "postgres", "kube-*"],
    ..KUBERNETES
};
pub(super) const SERVICE_ACCOUNT: Rule =
    Rule { kind: "a Kubernetes service account", ..KUBERNETES };
pub(super) const ARGOCD_APPLICATION: Rule = Rule { kind: "an Argo CD application", ..KUBERNETES };
pub(super) const KUBERNETES_ROLE: Rule =
    Rule { kind: "a role of Vault's Kubernetes auth method", ..VAULT_ROLE };
pub(super) const DATABASE_ROLE: Rule =
    Rule { kind: "a role of Vault's database engine", ..VAULT_ROLE };
pub(super) const CI_ROLE: Rule = Rule { kind: "a role of Vault's JWT auth method", ..VAULT_ROLE };

/// Vault lower-cases the names of policies; `default` and `root` are its own.
pub(super) const POLICY: Rule = Rule {
    kind: "a Vault policy",
    allowed: policy,
    first: policy_edge,
    last: policy_edge,
    alphabet: "lower-case ASCII letters, digits, underscores, dashes and dots, beginning and ending with none of \
               the last two",
    ..VAULT_ROLE
};

/// Below the mount, `appenv/` is the registry.
pub(super) const KV_PATH: Rule = Rule {
    kind: "a path of Vault's KV engine",
    bytes: 512,
    whose: "Vault (a key of its Consul storage)",
    shape: Shape::Relative,
    part_bytes: 254,
    allowed: word_dash_dot,
    first: word,
    last: word,
    alphabet: "segments of ASCII letters, digits, underscores, dashes and dots, with slashes between",
    never: &["appenv"],
};

/// RFC 1035 §2.3.4 (63 bytes a label, 253 as text) and RFC 1123 §2.1.
pub(super) const DNS_HOST: Rule = Rule {
    kind: "a DNS name",
    bytes: 253,
    whose: "DNS (RFC 1035)",
    shape: Shape::Dotted,
    part_bytes: 63,
    allowed: lower_dash,
    first: lower,
    last: lower,
    alphabet: "labels of lower-case ASCII letters, digits and dashes, each beginning and ending with a letter or \
               digit, with dots between",
    never: &[],
};

pub(super) const DOMAIN: Rule = Rule { kind: "a domain", ..DNS_HOST };

/// Gitea and GitHub: 100 bytes a repository; an organization may have levels (GitLab).
pub(super) const REPOSITORY: Rule = Rule {
    kind: "a repository",
    bytes: 255,
    whose: "GitLab (a project's path)",
    shape: Shape::Relative,
    part_bytes: 100,
    allowed: word_dash_dot,
    first: word,
    last: word,
    alphabet: "segments of ASCII letters, digits, underscores, dashes and dots, with slashes between",
    never: &[],
};

pub(super) const ORGANIZATION: Rule = Rule { kind: "an organization", ..REPOSITORY };

pub(super) const VALUES_FILE: Rule = Rule {
    kind: "a file",
    bytes: 255,
    whose: "the file system (NAME_MAX)",
    shape: Shape::Word,
    part_bytes: NO_LIMIT,
    allowed: word_dash_dot,
    first: word,
    last: word,
    alphabet: "ASCII letters, digits, underscores, dashes and dots, beginning and ending with none of the last two",
    never: &[],
};

/// Object keys of S3 and names of GCS: 1024 bytes.
pub(super) const STATE_PREFIX: Rule = Rule {
    kind: "a prefix of a state backend",
    bytes: 1024,
    whose: "the state backends (a key in S3 or GCS)",
    shape: Shape::Relative,
    part_bytes: 255,
    allowed: word_dash_dot,
    first: word,
    last: word,
    alphabet: "segments of ASCII letters, digits, underscores, dashes and dots, with slashes between",
    never: &[],
};

/// The root may hold any letter and any printable ASCII, but no control and no invisible character.
pub(super) const DIRECTORY: Rule = Rule {
    kind: "a directory",
    bytes: 4095,
    whose: "the file system (PATH_MAX)",
    shape: Shape::Directory,
    part_bytes: 255,
    allowed: file,
    first: file,
    last: file,
    alphabet: "an absolute path, or one that begins with ~/, of segments of letters, digits, spaces and ASCII \
               signs other than []{}, none of them \".\" or \"..\", with no slash at the end",
    never: &[],
};

pub(super) const ROOT: Rule = Rule { kind: "the root of a host", ..DIRECTORY };

/// Systems Manager, "Requirements and constraints for parameter names". 1011 characters and 15 levels hold the key
/// too (128 and one), and the ARN before it (kept at 100). `/appenv/` is the registry.
pub(super) const PARAMETER_PATH: Rule = Rule {
    kind: "a path of AWS Parameter Store",
    bytes: 1011 - 100 - 129,
    whose: "AWS Parameter Store (1011 less the ARN and a key)",
    shape: Shape::Absolute(14),
    part_bytes: NO_LIMIT,
    allowed: word_dash_dot,
    first: word_dash_dot,
    last: word_dash_dot,
    alphabet: "a slash, then at most 14 segments of ASCII letters, digits, underscores, dashes and dots, with \
               slashes between",
    never: &["aws*", "ssm*", "appenv"],
};

/// IAM, "IAM and AWS STS quotas": 64 characters.
pub(super) const IAM_ROLE: Rule = Rule {
    kind: "an IAM role",
    bytes: 64,
    whose: "AWS IAM",
    shape: Shape::Word,
    part_bytes: NO_LIMIT,
    allowed: iam,
    first: iam,
    last: iam,
    alphabet: "ASCII letters, digits and _+=,.@-",
    never: &["default", "root", "postgres"],
};

/// CloudWatch Logs, CreateLogGroup: 512 characters.
pub(super) const LOG_GROUP: Rule = Rule {
    kind: "a log group",
    bytes: 512,
    whose: "AWS CloudWatch Logs",
    shape: Shape::Absolute(NO_LIMIT),
    part_bytes: NO_LIMIT,
    allowed: log_group,
    first: log_group,
    last: log_group,
    alphabet: "a slash, then segments of ASCII letters, digits and _-.#, with slashes between",
    never: &[],
};

// === impl Shape ===

impl Shape {
    /// What follows the beginning; `None` where the name does not begin so.
    pub(super) fn body(self, name: &str) -> Option<&str> {
        match self {
            Self::Word | Self::Dotted | Self::Relative => Some(name),
            Self::Absolute(_) => name.strip_prefix('/'),
            Self::Directory => name.strip_prefix("~/").or_else(|| name.strip_prefix('/')),
        }
    }

    /// What a name begins with, in words.
    pub(super) fn beginning(self) -> &'static str {
        match self {
            Self::Word | Self::Dotted | Self::Relative => "a part",
            Self::Absolute(_) => "a slash",
            Self::Directory => "a slash or ~/",
        }
    }

    /// What stands between parts.
    pub(super) fn separator(self) -> Option<char> {
        match self {
            Self::Word => None,
            Self::Dotted => Some('.'),
            Self::Relative | Self::Absolute(_) | Self::Directory => Some('/'),
        }
    }

    /// Whether there are more parts than the target allows.
    pub(super) fn too_deep(self, parts: usize) -> bool {
        matches!(self, Self::Absolute(most) if parts > most)
    }
}
