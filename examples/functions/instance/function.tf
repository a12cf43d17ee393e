terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

output "production" {
  value = provider::appenv::instance("erp", null, null) # erp
}

output "sandbox" {
  value = provider::appenv::instance("erp", "sandbox", null) # erp-sandbox
}
