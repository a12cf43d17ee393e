# Nothing here asks AWS: the provider is mocked, and its functions are the real ones.

mock_provider "appenv" {}

variables {
  env     = "dev"
  release = "1.4.0"
  api_key = "of-no-account"
}

override_resource {
  target = appenv_app_instance.this
  values = {
    instance = "smartstack-dev"
  }
}

override_resource {
  target = appenv_env_secret.api_key
  values = {
    path = "/smartstack/dev/api-key"
  }
}

run "names_of_dev" {
  assert {
    condition = (
      provider::appenv::names(appenv_app_instance.this.app, appenv_app_instance.this.env, {
        convention = "suffixed-v1"
        services   = appenv_app_instance.this.services
        }).services == tomap({
        api          = "smartstack-dev-api"
        ai-processor = "smartstack-dev-ai-processor"
      })
    )
    error_message = "Services of dev must be called smartstack-dev-<service>."
  }

  assert {
    condition = (
      provider::appenv::instance(appenv_app_instance.this.app, appenv_app_instance.this.env, {
        convention = "suffixed-v1"
      }) == appenv_app_instance.this.instance
    )
    error_message = "The instance must be called smartstack-dev."
  }
}

run "secrets_are_of_the_same_instance" {
  assert {
    condition = alltrue([
      for secret in concat(values(appenv_env_secret.generated), [appenv_env_secret.api_key]) :
      secret.app == appenv_app_instance.this.app && secret.env == appenv_app_instance.this.env
    ])
    error_message = "Each secret must belong to the instance of this state."
  }

  assert {
    condition = (
      join("/", [
        provider::appenv::names(appenv_env_secret.api_key.app, appenv_env_secret.api_key.env, {
          convention = "suffixed-v1"
        }).parameter_path,
        appenv_env_secret.api_key.parameter_name,
      ]) == output.secret_paths["api-key"]
    )
    error_message = "The key of the API must be /smartstack/dev/api-key."
  }

  assert {
    condition     = appenv_env_secret.generated["db-password"].key == "DB_PASSWORD"
    error_message = "The parameter db-password must be the variable DB_PASSWORD."
  }
}

run "logs_are_of_the_same_environment" {
  assert {
    condition = (
      data.appenv_names.this.app == appenv_app_instance.this.app &&
      data.appenv_names.this.env == appenv_app_instance.this.env
    )
    error_message = "Logs must be kept for as long as the environment of this state says."
  }
}

run "an_environment_that_nobody_declared_is_refused" {
  command = plan

  variables {
    env = "production"
  }

  expect_failures = [var.env]
}
