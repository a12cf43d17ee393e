terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

provider "appenv" {
  convention   = "elided-v1"
  organization = "arcodange-org"
  domain       = "arcodange.lab"
  owner        = "arcodange/erp"

  environment {
    name       = "prod"
    production = true
    allow      = ["create", "release"]
  }

  environment {
    name = "sandbox"
  }

  # Host, user and password from PGHOST, PGUSER and PGPASSWORD.
  postgres {}

  # Address and token from VAULT_ADDR and VAULT_TOKEN.
  vault {
    kv_mount            = "kvv2"
    database_mount      = "postgres"
    database_connection = "postgres"
  }
}
