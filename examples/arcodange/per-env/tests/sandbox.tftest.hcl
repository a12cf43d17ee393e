mock_provider "appenv" {}

run "the_sandbox_of_erp" {
  variables {
    app = "erp"
    env = "sandbox"
  }

  override_resource {
    target = appenv_app_instance.this
    values = {
      instance     = "erp-sandbox"
      state_prefix = "erp/sandbox"
    }
  }

  assert {
    condition = (
      provider::appenv::instance(appenv_app_instance.this.app, appenv_app_instance.this.env, null) == output.instance
    )
    error_message = "This state must hold the instance erp-sandbox, and say so."
  }

  assert {
    condition = (
      provider::appenv::state_prefix(appenv_app_instance.this.app, appenv_app_instance.this.env, null)
      == output.state_prefix
    )
    error_message = "The state of erp-sandbox must be erp/sandbox."
  }
}

run "another_environment_is_refused" {
  command = plan

  variables {
    app = "erp"
    env = "production"
  }

  expect_failures = [var.env]
}
