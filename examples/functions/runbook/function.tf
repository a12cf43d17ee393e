terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

locals {
  page = provider::appenv::runbook("karmyq", "staging", {
    convention = "underscored-v1"
    root       = "/opt"

    runbook = {
      server   = "staging.karmyq.example, by SSH as deploy"
      deploy   = "git pull\nnpm ci\npm2 restart ecosystem.config.js"
      rollback = ["git checkout the tag before", "pm2 restart all"]
      contacts = [{ name = "Ada", role = "on call", reach = "ada@karmyq.example" }]
    }
  })
}

output "page" {
  value = local.page # To a file: docs/environments/staging/RUNBOOK.md.
}
