terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

locals {
  # What a provider block would say; null for the defaults.
  options = {
    domain       = "arcodange.lab"
    organization = "arcodange-org"
    services     = ["api", "worker"]

    environments = [
      { name = "prod", production = true },
      { name = "sandbox" },
    ]
  }

  names = provider::appenv::names("erp", "sandbox", local.options)
}

output "host" {
  value = local.names.dns_host # erp-sandbox.arcodange.lab
}

output "api" {
  value = local.names.services["api"] # erp-sandbox-api
}
