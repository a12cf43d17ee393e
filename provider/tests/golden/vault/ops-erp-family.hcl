# appenv:v1 app=erp owner=arcodange/erp
# What those who operate the app may do, an instance a pair of paths.

path "kvv2/data/erp-*" {
  capabilities = ["create", "update", "patch", "read"]
}

path "kvv2/data/erp/*" {
  capabilities = ["create", "update", "patch", "read"]
}

path "kvv2/metadata/erp-*" {
  capabilities = ["read"]
}

path "kvv2/metadata/erp/*" {
  capabilities = ["read"]
}
