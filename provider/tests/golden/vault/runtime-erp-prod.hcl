# appenv:v1 app=erp env=prod owner=arcodange/erp
# What the running instance may do.

path "kvv2/data/erp/config" {
  capabilities = ["read"]
}

path "postgres/creds/erp" {
  capabilities = ["read"]
}
