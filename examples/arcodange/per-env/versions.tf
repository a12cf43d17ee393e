terraform {
  required_version = ">= 1.11"

  required_providers {
    appenv = {
      source  = "arcodange/appenv"
      version = "~> 0.1"
    }
  }

  # bucket and prefix: by -backend-config. The prefix is what `terraform-provider-appenv names` says.
  backend "gcs" {}
}
