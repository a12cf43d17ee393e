terraform {
  required_version = ">= 1.11"

  required_providers {
    appenv = {
      source  = "arcodange/appenv"
      version = "~> 0.1"
    }
  }

  # key: by -backend-config, one for each environment.
  backend "s3" {
    bucket       = "smartstack-states"
    region       = "eu-west-3"
    encrypt      = true
    use_lockfile = true
  }
}
