# All applications of the factory in one state.

provider "appenv" {
  organization = "arcodange-org"
  domain       = "arcodange.lab"
  owner        = "arcodange/factory"

  environment {
    name       = "prod"
    production = true
    allow      = ["create", "adopt"] # what was made by hand is taken over; adopt = "verify" changes none of it
  }

  environment {
    name = "sandbox"
  }

  state {
    prefix = "factory/main"
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

locals {
  # What the functions are told of the provider block above.
  options = {
    organization = "arcodange-org"
    domain       = "arcodange.lab"
    environments = ["prod", "sandbox"]
  }

  # By the instance's name: erp, erp-sandbox, ...
  instances = merge([
    for app, settings in var.apps : {
      for env in settings.envs : provider::appenv::instance(app, env, local.options) => {
        app                 = app
        env                 = env
        connection_limit    = settings.connection_limit
        deletion_protection = settings.deletion_protection
      }
    }
  ]...)
}

resource "appenv_app_instance" "this" {
  for_each = local.instances

  app                 = each.value.app
  env                 = each.value.env
  adopt               = "verify"
  deletion_protection = each.value.deletion_protection

  database {
    connection_limit = each.value.connection_limit
  }
}
