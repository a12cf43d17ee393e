# What appenv needs in OpenBao or Vault to apply, for mounts `kvv2`, `postgres`, `kubernetes` and `gitea_jwt` and the
# connection `postgres`. Change the mounts to yours; leave out a part whose block is not in your provider configuration.

# Runtime and ops policies of every instance.
path "sys/policies/acl/*" {
  capabilities = ["create", "read", "update", "delete"]
}

# Not its own policies: whoever could write these could do anything.
path "sys/policies/acl/appenv-*" {
  capabilities = ["deny"]
}

# The mounts it works in, so that a missing one is named beside those that are there.
path "sys/internal/ui/mounts/*" {
  capabilities = ["read"]
}

# Database roles, and the login they are made with. It reads no credential: {db}/creds/* is not here.
path "postgres/roles/*" {
  capabilities = ["create", "read", "update", "delete"]
}

path "postgres/config/postgres" {
  capabilities = ["read"]
}

# Leases, for `force_disconnect` and for naming those that are out.
path "sys/leases/lookup/postgres/creds/*" {
  capabilities = ["list", "sudo"]
}

path "sys/leases/revoke-prefix/postgres/creds/*" {
  capabilities = ["update", "sudo"]
}

# Auth roles.
path "auth/kubernetes/role/*" {
  capabilities = ["create", "read", "update", "delete"]
}

path "auth/gitea_jwt/role/*" {
  capabilities = ["create", "read", "update", "delete"]
}

# That the mount is KV version 2.
path "kvv2/config" {
  capabilities = ["read"]
}

# The registry, and what is kept beside each instance's secrets.
path "kvv2/data/appenv/*" {
  capabilities = ["create", "read", "update"]
}

path "kvv2/metadata/appenv/*" {
  capabilities = ["list", "read", "delete"]
}

# The secrets of each instance, `{instance}/config`.
path "kvv2/data/+/config" {
  capabilities = ["create", "read", "update", "patch"]
}

path "kvv2/subkeys/+/config" {
  capabilities = ["read"]
}

path "kvv2/metadata/+/config" {
  capabilities = ["read", "delete"]
}
