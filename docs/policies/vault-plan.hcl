# What the vault facet of appenv needs to plan: it reads, and writes nothing.
# Mounts: kvv2, postgres, kubernetes, gitea_jwt.
# Change the mounts to yours; leave out what your provider configuration has no block for, or let the data
# source appenv_permissions write this text for yours.
# Looking itself up, renewing itself and seeing the mounts come with every token's policy `default`.

# The registry: what is registered, whose it is, and the ids by which a target is known again.
path "kvv2/data/appenv/_registry" {
  capabilities = ["read"]
}

# What is registered of the app.
path "kvv2/data/appenv/_apps/*" {
  capabilities = ["read"]
}

# What production configurations may not loosen here, by owner.
path "kvv2/data/appenv/_floors" {
  capabilities = ["read"]
}

# The names of the registered apps: for ops_scope = "family", for a kv_path of one's own, and to see whether an
# env was ever in use.
path "kvv2/metadata/appenv/_apps/" {
  capabilities = ["list"]
}

# Runtime and ops policies.
path "sys/policies/acl/*" {
  capabilities = ["read"]
}

# Database roles.
path "postgres/roles/*" {
  capabilities = ["read"]
}

# The connection's login and allowed_roles; its password is never in the answer.
path "postgres/config/postgres" {
  capabilities = ["read"]
}

# Kubernetes auth roles.
path "auth/kubernetes/role/*" {
  capabilities = ["read"]
}

# CI roles.
path "auth/gitea_jwt/role/*" {
  capabilities = ["read"]
}

# Notes on secrets, beside the registry: versions, times, and digests by which values are known again. Keep them
# as closed as the secrets.
path "kvv2/data/appenv/+" {
  capabilities = ["read"]
}

# Names of an instance's secrets, without their values.
path "kvv2/subkeys/+/config" {
  capabilities = ["read"]
}

# Its versions and its settings: only for renaming. To plan one it is read whether the new path is free.
path "kvv2/metadata/+/config" {
  capabilities = ["read"]
}

# A plan opens the ephemeral resource appenv_database_credentials where the instance is there already. That leases a
# login, which is more than to read: a token that may plan it has also
#
#   path "postgres/creds/*"                  { capabilities = ["read"] }
#   path "sys/leases/revoke/postgres/creds/*" { capabilities = ["update"] }
