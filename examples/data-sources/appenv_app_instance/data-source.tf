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

data "appenv_app_instance" "sandbox" {
  app = "erp"
  env = "sandbox"
}

output "database" {
  value = data.appenv_app_instance.sandbox.resolved_names.database # erp-sandbox
}

check "drift" {
  assert {
    condition     = alltrue([for state in values(data.appenv_app_instance.sandbox.objects) : state == "ok"])
    error_message = "erp/sandbox is not as it was applied: ${jsonencode(data.appenv_app_instance.sandbox.objects)}"
  }
}
