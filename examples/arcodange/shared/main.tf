# All applications of the factory in one state.

provider "appenv" {
  organization = local.options.organization
  domain       = local.options.domain
  owner        = "arcodange/factory"

  dynamic "environment" {
    for_each = local.options.environments

    content {
      name       = environment.value
      production = environment.value == "prod"
      allow      = var.taking_over ? ["create", "adopt"] : ["create"]
    }
  }

  state {
    prefix = "factory/main"
  }

  postgres {}

  vault {
    database_mount = local.mounts.database
    kv_mount       = local.mounts.kv

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
  # Said once, for the provider block above and for its functions.
  options = {
    organization = "arcodange-org"
    domain       = "arcodange.lab"
    environments = ["prod", "sandbox"]
  }

  # Mounts of Vault, which the outputs name too.
  mounts = {
    database = "postgres"
    kv       = "kvv2"
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
