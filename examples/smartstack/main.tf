# One environment of SmartStack. Which one: -var-file=configs/ENV.tfvars.

provider "appenv" {
  convention = "suffixed-v1"
  owner      = "smartstack/platform"

  environment {
    name               = "dev"
    log_retention_days = 7
  }

  environment {
    name               = "staging"
    log_retention_days = 14
  }

  environment {
    name               = "prod"
    production         = true
    allow              = ["create", "release"]
    promote_from       = "staging"
    log_retention_days = 30
  }

  aws {
    region           = var.region
    expected_account = var.expected_account
  }
}

resource "appenv_app_instance" "this" {
  app                 = "smartstack"
  env                 = var.env
  services            = var.services
  release             = var.release
  deletion_protection = var.deletion_protection
}

# What the provider block says of this environment.
data "appenv_names" "this" {
  app = appenv_app_instance.this.app
  env = appenv_app_instance.this.env
}

locals {
  # Made by the provider, by their names in Parameter Store.
  generated = {
    db-password = { kind = "password", length = 32 }
    jwt-secret  = { kind = "base64", length = 64 }
  }

  # What `aws_cloudwatch_log_group` takes, by service.
  log_groups = {
    for service, name in appenv_app_instance.this.resolved_names.log_groups :
    service => { name = name, retention_in_days = data.appenv_names.this.log_retention_days }
  }
}

resource "appenv_env_secret" "generated" {
  for_each = local.generated

  app            = appenv_app_instance.this.app
  env            = appenv_app_instance.this.env
  key            = upper(replace(each.key, "-", "_"))
  parameter_name = each.key

  generate {
    kind   = each.value.kind
    length = each.value.length
  }
}

resource "appenv_env_secret" "api_key" {
  app              = appenv_app_instance.this.app
  env              = appenv_app_instance.this.env
  key              = "API_KEY"
  parameter_name   = "api-key"
  value_wo         = var.api_key
  value_wo_version = var.api_key_version
}
