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
