# Nothing here asks a server: the provider is mocked, and its functions are the real ones.

mock_provider "appenv" {}

override_resource {
  target = appenv_app_instance.sandbox
  values = {
    instance = "erp-sandbox"
  }
}

run "two_environments_of_one_app" {
  assert {
    condition     = provider::appenv::instance(appenv_app_instance.prod.app, appenv_app_instance.prod.env, null) == "erp"
    error_message = "Production must be called erp: under elided-v1 it has no suffix."
  }

  assert {
    condition = (
      provider::appenv::instance(appenv_app_instance.sandbox.app, appenv_app_instance.sandbox.env, null)
      == appenv_app_instance.sandbox.instance
    )
    error_message = "The sandbox must be called erp-sandbox."
  }

  assert {
    condition = (
      provider::appenv::names(appenv_app_instance.sandbox.app, appenv_app_instance.sandbox.env, null).owner_role
      == "erp_sandbox_role"
    )
    error_message = "The owner of the sandbox's database must be erp_sandbox_role."
  }
}

run "outputs_are_those_of_their_instance" {
  assert {
    condition = (
      output.names.prod == appenv_app_instance.prod.resolved_names
      && output.names.sandbox == appenv_app_instance.sandbox.resolved_names
    )
    error_message = "The output names must give each environment its own instance's names."
  }
}
