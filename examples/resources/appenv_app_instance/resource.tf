terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

provider "appenv" {
  owner = "arcodange/erp"

  postgres {}
  vault {}
}

resource "appenv_app_instance" "sandbox" {
  app = "erp"
  env = "sandbox"

  database {
    extensions       = ["pg_trgm"]
    connection_limit = 20
  }

  vault {
    default_ttl = "1h"
    max_ttl     = "24h"
  }
}
