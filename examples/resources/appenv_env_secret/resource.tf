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

# From TF_VAR_smtp_password, at plan and at apply; no state and no plan file has it.
variable "smtp_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "appenv_app_instance" "sandbox" {
  app = "erp"
  env = "sandbox"
}

# Made by the provider, and again every 30 days. The one before stays SESSION_KEY_PREVIOUS for a week.
resource "appenv_env_secret" "session_key" {
  app = appenv_app_instance.sandbox.app
  env = appenv_app_instance.sandbox.env
  key = "SESSION_KEY"

  generate {
    kind   = "hex"
    length = 32
  }

  rotation {
    every = "30d"
    grace = "7d"
  }
}

# Given: written when value_wo_version is raised.
resource "appenv_env_secret" "smtp_password" {
  app = appenv_app_instance.sandbox.app
  env = appenv_app_instance.sandbox.env
  key = "SMTP_PASSWORD"

  value_wo         = var.smtp_password
  value_wo_version = 1
}
