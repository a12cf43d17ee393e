# What the vault facet of appenv needs to apply, for the mounts kvv2, postgres, kubernetes and gitea_jwt and the
# database connection postgres. Change the mounts to yours; leave out what your provider configuration has no block
# for. Looking itself up, renewing itself and seeing the mounts come with every token's policy `default`.
#
# Whoever can write policies and roles can give himself what these can give: keep this token as you keep a root one.

# The registry: what is registered, whose it is, and the ids by which a target is known again.
path "kvv2/data/appenv/_registry" {
  capabilities = ["create", "update", "read"]
}

path "kvv2/data/appenv/_apps/*" {
  capabilities = ["create", "update", "read"]
}

# What production configurations may not loosen here, by owner.
path "kvv2/data/appenv/_floors" {
  capabilities = ["create", "update", "read"]
}

# The names of the registered apps: for ops_scope = "family", and to see whether an env was ever in use.
path "kvv2/metadata/appenv/_apps/" {
  capabilities = ["list"]
}

# Runtime and ops policies.
path "sys/policies/acl/*" {
  capabilities = ["create", "update", "read", "delete"]
}

# Not its own: name the policies of the provider's tokens so.
path "sys/policies/acl/appenv-*" {
  capabilities = ["deny"]
}

# Database roles.
path "postgres/roles/*" {
  capabilities = ["create", "update", "read", "delete"]
}

# The connection's login and allowed_roles; its password is never in the answer.
path "postgres/config/postgres" {
  capabilities = ["read"]
}

# Whether leased logins are out when an instance is deleted. Without it they are not asked for.
path "sys/leases/lookup/postgres/creds/*" {
  capabilities = ["list", "sudo"]
}

# Revoking them: only for force_disconnect = true.
path "sys/leases/revoke-prefix/postgres/creds/*" {
  capabilities = ["create", "update", "sudo"]
}

# A login of an instance for the time of a run, and its end: only for the ephemeral resource
# appenv_database_credentials and for a probing appenv_preflight. Without them no credential can be leased with this token.
# Renewing a lease comes with policy `default`.
path "postgres/creds/*" {
  capabilities = ["read"]
}

path "sys/leases/revoke/postgres/creds/*" {
  capabilities = ["create", "update"]
}

# Kubernetes auth roles.
path "auth/kubernetes/role/*" {
  capabilities = ["create", "update", "read", "delete"]
}

# CI roles.
path "auth/gitea_jwt/role/*" {
  capabilities = ["create", "update", "read", "delete"]
}

# Notes on secrets, beside the registry: versions, times, and digests by which values are known again. Keep them as closed
# as the secrets.
path "kvv2/data/appenv/+" {
  capabilities = ["create", "update", "read"]
}

# Names of an instance's secrets, without their values.
path "kvv2/subkeys/+/config" {
  capabilities = ["read"]
}

# An instance's document of secrets: for appenv_env_secret in store vault, and for renaming an instance whose path
# changes.
path "kvv2/data/+/config" {
  capabilities = ["create", "update", "read"]
}

# Its versions and its settings: only for renaming. Leave it out where none is renamed; the plan of a renaming says what
# is missing.
path "kvv2/metadata/+/config" {
  capabilities = ["create", "update", "read", "delete"]
}
