# What appenv needs in OpenBao or Vault to plan: it reads, and writes nothing. The mounts are those of apply.hcl.

path "sys/policies/acl/*" {
  capabilities = ["read"]
}

path "sys/internal/ui/mounts/*" {
  capabilities = ["read"]
}

path "postgres/roles/*" {
  capabilities = ["read"]
}

path "postgres/config/postgres" {
  capabilities = ["read"]
}

path "sys/leases/lookup/postgres/creds/*" {
  capabilities = ["list", "sudo"]
}

path "auth/kubernetes/role/*" {
  capabilities = ["read"]
}

path "auth/gitea_jwt/role/*" {
  capabilities = ["read"]
}

path "kvv2/config" {
  capabilities = ["read"]
}

path "kvv2/data/appenv/*" {
  capabilities = ["read"]
}

path "kvv2/metadata/appenv/*" {
  capabilities = ["list", "read"]
}

# Key names and versions; no value.
path "kvv2/subkeys/+/config" {
  capabilities = ["read"]
}

path "kvv2/metadata/+/config" {
  capabilities = ["read"]
}
