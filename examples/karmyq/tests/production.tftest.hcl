# Nothing here asks a server or writes a file: the provider is mocked, and its functions are the real ones.

mock_provider "appenv" {}

variables {
  env     = "production"
  machine = "production-1"
}

override_resource {
  target = appenv_env_secret.simulated_users_password
  values = {
    path = "/opt/karmyq/secrets/production/.env.production.users"
  }
}

run "production_has_the_names_of_the_convention" {
  assert {
    condition = (
      provider::appenv::names(appenv_app_instance.this.app, appenv_app_instance.this.env, {
        convention = "underscored-v1"
      }).database == "karmyq_production"
    )
    error_message = "The database of production must be karmyq_production."
  }

  assert {
    condition     = appenv_app_instance.this.names == null
    error_message = "Without legacy_names nothing may be overridden."
  }
}

run "secrets_are_in_their_files" {
  assert {
    condition = (
      join("/", [
        provider::appenv::names(
          appenv_env_secret.simulated_users_password.app,
          appenv_env_secret.simulated_users_password.env,
          { convention = "underscored-v1", root = var.root },
        ).secrets_dir,
        ".env.production.users",
      ]) == output.secret_files["SIMULATED_USERS_PASSWORD"]
    )
    error_message = "Passwords of simulated users must be in /opt/karmyq/secrets/production/.env.production.users."
  }

  assert {
    condition     = contains(appenv_app_instance.this.env_files, appenv_env_secret.simulated_users_password.file)
    error_message = "The file of a secret must be one that the application has a link to."
  }
}

run "an_environment_of_another_name_is_refused" {
  command = plan

  variables {
    env = "prod"
  }

  expect_failures = [var.env]
}
