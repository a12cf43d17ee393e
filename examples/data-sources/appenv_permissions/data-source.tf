terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

provider "appenv" {
  owner = "arcodange/apps"

  vault {
    address = "https://bao.arcodange.lab"
    token   = "none" # No server is asked.

    kubernetes {}
  }
}

data "appenv_permissions" "sandbox" {
  instances = [{ app = "erp", env = "sandbox" }]
}

# To write to Vault by whoever keeps it.
output "plan_policy" {
  value = data.appenv_permissions.sandbox.plan.vault_policy
}

output "apply_policy" {
  value = data.appenv_permissions.sandbox.apply.vault_policy
}
