terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

# Where other applications keep their state, for `terraform_remote_state`.
output "states" {
  value = {
    for app in ["erp", "crm"] :
    app => provider::appenv::state_prefix(app, "sandbox", null) # erp/sandbox, crm/sandbox
  }
}
