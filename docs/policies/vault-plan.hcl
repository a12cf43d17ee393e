# What the vault facet of appenv needs to plan: it reads, and writes nothing. The mounts are those of
# vault-apply.hcl.

path "kvv2/data/appenv/_registry" {
  capabilities = ["read"]
}

path "kvv2/data/appenv/_apps/*" {
  capabilities = ["read"]
}

path "kvv2/data/appenv/_floors" {
  capabilities = ["read"]
}

path "kvv2/metadata/appenv/_apps/" {
  capabilities = ["list"]
}

path "sys/policies/acl/*" {
  capabilities = ["read"]
}

path "postgres/roles/*" {
  capabilities = ["read"]
}

path "postgres/config/postgres" {
  capabilities = ["read"]
}

path "auth/kubernetes/role/*" {
  capabilities = ["read"]
}

path "auth/gitea_jwt/role/*" {
  capabilities = ["read"]
}

# A plan opens the ephemeral resource appenv_database_credentials where the instance is there already. That leases a
# login, which is more than to read: a token that may plan it has also
#
#   path "postgres/creds/*"                  { capabilities = ["read"] }
#   path "sys/leases/revoke/postgres/creds/*" { capabilities = ["create", "update"] }

# Only to plan a renaming: whether the new path is free. No value is read.
path "kvv2/metadata/+/config" {
  capabilities = ["read"]
}

# Notes on secrets, and the names of secrets without their values: for appenv_env_secret in store vault.
path "kvv2/data/appenv/+" {
  capabilities = ["read"]
}

path "kvv2/subkeys/+/config" {
  capabilities = ["read"]
}
