# One environment of one application, in a state of its own.

provider "appenv" {
  organization = "arcodange-org"
  domain       = "arcodange.lab"
  owner        = "arcodange/factory"

  environment {
    name       = "prod"
    production = true
  }

  environment {
    name = "sandbox"
  }

  gates {
    state = "strict" # a state whose address cannot be told is refused too
  }

  postgres {}

  vault {
    kubernetes {}

    ci {
      mount = "gitea_jwt"
      bound_claims = {
        repository = "{organization}/{app}"
      }
    }
  }
}

resource "appenv_app_instance" "this" {
  app                 = var.app
  env                 = var.env
  deletion_protection = var.deletion_protection

  database {
    connection_limit = var.connection_limit
  }
}
