# What the workflows beside it plan, review and apply: all environments of one application.

provider "appenv" {
  organization = "arcodange-org"
  domain       = "arcodange.lab"
  owner        = "arcodange/${var.app}"

  environment {
    name       = "prod"
    production = true
  }

  environment {
    name = "sandbox"
  }

  state {
    prefix = "{app}/main"
  }

  # Host and login, address and token: from the job's variables and secrets.
  postgres {}

  vault {
    kubernetes {}
  }
}

resource "appenv_app_instance" "this" {
  for_each = var.envs

  app                 = var.app
  env                 = each.key
  deletion_protection = var.deletion_protection
}
