# appenv:v1 app=erp env=sandbox owner=arcodange/erp
# What the running instance may do.

path "kvv2/data/erp-sandbox/config" {
  capabilities = ["read"]
}

path "postgres/creds/erp-sandbox" {
  capabilities = ["read"]
}
