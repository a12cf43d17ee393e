terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

locals {
  # Of every env of the app.
  argocd = {
    repo_url = "https://gitea.arcodange.lab/arcodange-org/erp.git"
    path     = "chart"
    helm     = true
    sync     = { prune = true, self_heal = true }
  }

  applications = {
    for env in ["prod", "sandbox"] :
    env => provider::appenv::argocd_application("erp", env, { argocd = local.argocd })
  }
}

output "sandbox" {
  value = local.applications["sandbox"]
}

output "production" {
  value = local.applications["prod"] # Synced by hand.
}
