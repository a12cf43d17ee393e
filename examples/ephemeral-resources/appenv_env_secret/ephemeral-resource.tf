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

resource "appenv_app_instance" "erp" {
  for_each = toset(["sandbox", "staging"])

  app = "erp"
  env = each.key
}

resource "appenv_env_secret" "token" {
  app = appenv_app_instance.erp["sandbox"].app
  env = appenv_app_instance.erp["sandbox"].env
  key = "TOKEN"

  generate {}
}

ephemeral "appenv_env_secret" "token" {
  app     = "erp"
  env     = "sandbox"
  key     = "TOKEN"
  version = appenv_env_secret.token.version # read once it is written
}

# Staging has the same token. A new one raises the version, and is written here by the same apply.
resource "appenv_env_secret" "token_of_staging" {
  app = appenv_app_instance.erp["staging"].app
  env = appenv_app_instance.erp["staging"].env
  key = "TOKEN"

  value_wo         = ephemeral.appenv_env_secret.token.value
  value_wo_version = appenv_env_secret.token.version
}
