terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

provider "appenv" {
  owner = "acme/erp"

  postgres {}
  vault {}
}

# Before a deployment: what failed stops the run.
data "appenv_preflight" "deploy" {
  app         = "erp"
  env         = "sandbox"
  env_example = ".env.example"
  probe       = true

  lifecycle {
    postcondition {
      condition = self.ok
      error_message = join("\n", [
        for f in self.findings : "${f.check} of ${f.target}: ${f.detail} ${f.fix}" if f.status == "fail"
      ])
    }
  }
}

# At every plan: what failed is a warning.
check "erp" {
  data "appenv_preflight" "plan" {
    app           = "erp"
    env           = "sandbox"
    required_keys = ["DB_PASSWORD"]
  }

  assert {
    condition     = data.appenv_preflight.plan.ok
    error_message = "See the findings of data.appenv_preflight.plan."
  }
}
