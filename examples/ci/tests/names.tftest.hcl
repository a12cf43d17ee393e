mock_provider "appenv" {}

override_resource {
  target = appenv_app_instance.this
  values = {
    state_prefix = "erp/main"
  }
}

run "one_state_for_all_environments" {
  assert {
    condition = (
      { for env, instance in appenv_app_instance.this : env => provider::appenv::instance(instance.app, instance.env, null) }
      == { prod = "erp", sandbox = "erp-sandbox" }
    )
    error_message = "This repository must have the instances erp and erp-sandbox."
  }

  assert {
    condition     = output.instances == { for env, instance in appenv_app_instance.this : env => instance.instance }
    error_message = "The output instances must name each environment's own instance."
  }

  assert {
    condition = (
      provider::appenv::state_prefix(appenv_app_instance.this["prod"].app, appenv_app_instance.this["prod"].env, null)
      == output.state_prefix
    )
    error_message = "The state must be erp/main, as the backend block has it."
  }
}

run "an_environment_that_nobody_declared_is_refused" {
  command = plan

  variables {
    envs = ["prod", "preview"]
  }

  expect_failures = [var.envs]
}
