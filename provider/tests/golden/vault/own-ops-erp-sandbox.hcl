# appenv:v1 app=erp env=sandbox owner=arcodange/erp
# What those who operate the instance may do.

path "kvv2/data/erp-sandbox/config" {
  capabilities = ["create", "update", "patch", "read"]
}

path "kvv2/metadata/erp-sandbox/config" {
  capabilities = ["read"]
}
