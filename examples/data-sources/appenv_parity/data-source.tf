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

data "appenv_parity" "erp" {
  app  = "erp"
  envs = ["prod", "sandbox"]

  allowed_differences {
    kind   = "key"
    name   = "SENTRY_DSN"
    envs   = ["prod"]
    reason = "Only production reports its errors."
  }
}

check "parity" {
  assert {
    condition     = data.appenv_parity.erp.ok
    error_message = jsonencode([for found in data.appenv_parity.erp.findings : found if found.status == "fail"])
  }
}
