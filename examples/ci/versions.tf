terraform {
  required_version = ">= 1.11"

  required_providers {
    appenv = {
      source  = "arcodange/appenv"
      version = "~> 0.1"
    }
  }

  # Both jobs begin in an empty directory: the state is where both reach it.
  backend "gcs" {
    bucket = "arcodange-states"
    prefix = "erp/main"
  }
}
