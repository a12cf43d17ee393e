terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

provider "appenv" {
  organization = "arcodange-org"
  domain       = "arcodange.lab"

  environment {
    name               = "prod"
    production         = true
    log_retention_days = 30
  }

  environment {
    name               = "sandbox"
    log_retention_days = 7
  }
}

data "appenv_names" "sandbox" {
  app      = "erp"
  env      = "sandbox"
  services = ["api"]
}

output "namespace" {
  value = data.appenv_names.sandbox.resolved_names.namespace # erp-sandbox
}

output "state_prefix" {
  value = data.appenv_names.sandbox.state_prefix # erp/sandbox
}

# What `aws_cloudwatch_log_group` takes, by service.
output "log_groups" {
  value = {
    for service, name in data.appenv_names.sandbox.resolved_names.log_groups :
    service => { name = name, retention_in_days = data.appenv_names.sandbox.log_retention_days } # 7
  }
}
