terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

output "sandbox" {
  value = provider::appenv::parse_instance("erp-sandbox", null) # { app = "erp", env = "sandbox" }
}

output "regions" {
  value = provider::appenv::parse_instance("erp-us", {
    elided = "eu"

    environments = [
      { name = "eu", production = true },
      { name = "us", production = true },
    ]
  })
}
