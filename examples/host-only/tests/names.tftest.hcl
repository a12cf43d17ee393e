mock_provider "appenv" {}

override_resource {
  target = appenv_app_instance.staging
  values = {
    instance = "karmyq-staging"
  }
}

run "staging_has_its_directories" {
  variables {
    root = "/opt"
  }

  assert {
    condition = (
      provider::appenv::names(appenv_app_instance.staging.app, appenv_app_instance.staging.env, {
        convention = "underscored-v1"
        root       = var.root
      }).secrets_dir == "/opt/karmyq/secrets/staging"
    )
    error_message = "Secrets of staging must lie in /opt/karmyq/secrets/staging."
  }

  assert {
    condition = (
      provider::appenv::instance(appenv_app_instance.staging.app, appenv_app_instance.staging.env, {
        convention = "underscored-v1"
      }) == appenv_app_instance.staging.instance
    )
    error_message = "The instance must be called karmyq-staging."
  }

  assert {
    condition     = contains(appenv_app_instance.staging.env_files, "users")
    error_message = "The application reads .env.staging.users: the instance must have that link."
  }

  assert {
    condition     = output.directory == appenv_app_instance.staging.resolved_names.app_dir
    error_message = "The output directory must be the instance's."
  }
}

run "a_relative_root_is_refused" {
  command = plan

  variables {
    root = "apps"
  }

  expect_failures = [var.root]
}
