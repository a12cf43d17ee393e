# appenv:v1 app=erp owner=arcodange/erp
# What those who operate the app may do, an instance a pair of paths.

path "kvv2/data/erp-sandbox/config" {
  capabilities = ["create", "update", "patch", "read"]
}

path "kvv2/data/erp/config" {
  capabilities = ["create", "update", "patch", "read"]
}

path "kvv2/metadata/erp-sandbox/config" {
  capabilities = ["read"]
}

path "kvv2/metadata/erp/config" {
  capabilities = ["read"]
}
