mock_provider "appenv" {}

override_resource {
  target = appenv_app_instance.this
  values = {
    instance = "what-it-is-called"
  }
}

run "each_environment_is_an_instance" {
  assert {
    condition = (
      { for env, instance in appenv_app_instance.this : env => provider::appenv::instance(instance.app, instance.env, null) }
      == { prod = "erp", sandbox = "erp-sandbox" }
    )
    error_message = "This repository must have the instances erp and erp-sandbox."
  }

  assert {
    condition     = alltrue([for name in values(output.instances) : name == "what-it-is-called"])
    error_message = "The output instances must say what the instances are called, and not compose it."
  }

  assert {
    condition = (
      provider::appenv::state_prefix(appenv_app_instance.this["prod"].app, appenv_app_instance.this["prod"].env, null)
      == "erp/main"
    )
    error_message = "Production must belong in the state erp/main, which the backend block names."
  }
}

run "an_environment_that_nobody_declared_is_refused" {
  command = plan

  variables {
    envs = ["prod", "preview"]
  }

  expect_failures = [var.envs]
}
