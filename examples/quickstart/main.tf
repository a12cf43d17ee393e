# One application, `erp`, in two environments.
#
# Servers and credentials come from the environment: PGHOST, PGPORT, PGUSER, PGPASSWORD, VAULT_ADDR, VAULT_TOKEN.

terraform {
  required_version = ">= 1.11"

  required_providers {
    appenv = {
      source  = "arcodange/appenv"
      version = "~> 0.1"
    }
  }
}

provider "appenv" {
  organization = "arcodange-org"
  domain       = "arcodange.lab"
  owner        = "arcodange/erp"

  environment {
    name       = "prod"
    production = true
  }

  environment {
    name = "sandbox"
  }

  # One state for both environments. Without a backend block nobody can tell where it is, which is one warning a run.
  state {
    prefix = "{app}/main"
  }

  postgres {}

  vault {
    kubernetes {
      mount = "kubernetes"
    }

    ci {
      mount = "gitea_jwt"
      bound_claims = {
        repository = "{organization}/{app}"
      }
    }
  }
}

resource "appenv_app_instance" "prod" {
  app = "erp"
  env = "prod"

  database {
    connection_limit = 20
  }
}

resource "appenv_app_instance" "sandbox" {
  app = "erp"
  env = "sandbox"

  database {
    connection_limit = 5
  }
}

output "names" {
  description = "Every name of each instance."
  value = {
    prod    = appenv_app_instance.prod.resolved_names
    sandbox = appenv_app_instance.sandbox.resolved_names
  }
}
