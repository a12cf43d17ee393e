terraform {
  required_version = ">= 1.11"

  required_providers {
    appenv = {
      source  = "arcodange/appenv"
      version = "~> 0.1"
    }
  }

  # bucket: by -backend-config.
  backend "gcs" {
    prefix = "factory/main"
  }
}
