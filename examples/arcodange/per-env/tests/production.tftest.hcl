mock_provider "appenv" {}

run "production_of_erp" {
  variables {
    app = "erp"
    env = "prod"
  }

  override_resource {
    target = appenv_app_instance.this
    values = {
      instance     = "erp"
      state_prefix = "erp/main"
    }
  }

  assert {
    condition = (
      provider::appenv::state_prefix(appenv_app_instance.this.app, appenv_app_instance.this.env, null)
      == output.state_prefix
    )
    error_message = "The state of erp in production must be erp/main."
  }
}
