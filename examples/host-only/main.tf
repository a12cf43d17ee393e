# One application, `karmyq`, on one machine: directories, links to files of secrets that no `git clean` reaches, and
# every name. No server is needed.

terraform {
  required_version = ">= 1.11"

  required_providers {
    appenv = {
      source  = "arcodange/appenv"
      version = "~> 0.1"
    }
  }
}

variable "root" {
  description = "Directory of all instances; /opt on a server."
  type        = string
  default     = "~/apps"

  validation {
    condition     = can(regex("^(/|~/)", var.root))
    error_message = "The root must be absolute, or begin with ~/."
  }
}

provider "appenv" {
  convention = "underscored-v1"

  host {
    root = var.root
    name = "staging-1"
  }
}

# {root}/karmyq/staging/karmyq/.env.staging       -> {root}/karmyq/secrets/staging/.env
# {root}/karmyq/staging/karmyq/.env.staging.users -> {root}/karmyq/secrets/staging/.env.staging.users
resource "appenv_app_instance" "staging" {
  app       = "karmyq"
  env       = "staging"
  env_files = ["", "users"]
}

output "directory" {
  description = "Where the application is deployed; the working tree is below it."
  value       = appenv_app_instance.staging.resolved_names.app_dir
}
