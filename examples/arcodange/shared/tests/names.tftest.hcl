# Nothing here asks a server: the provider is mocked, and its functions are the real ones.

mock_provider "appenv" {}

variables {
  apps = {
    erp                 = { envs = ["prod", "sandbox"], connection_limit = 20 }
    dance-lessons-coach = {}
  }
}

override_resource {
  target = appenv_app_instance.this
  values = {
    instance = "what-it-is-called"
  }
}

run "each_environment_is_an_instance" {
  assert {
    condition     = toset(keys(appenv_app_instance.this)) == toset(["dance-lessons-coach", "erp", "erp-sandbox"])
    error_message = "The instances must be dance-lessons-coach, erp and erp-sandbox."
  }

  assert {
    condition = alltrue([
      for name, instance in appenv_app_instance.this :
      provider::appenv::instance(instance.app, instance.env, null) == name
    ])
    error_message = "Each instance must have the coordinate that its key is the name of."
  }

  assert {
    condition     = appenv_app_instance.this["erp-sandbox"].database.connection_limit == 20
    error_message = "The limit of an application must reach each of its databases."
  }
}

run "names_of_what_runs_stay_what_they_are" {
  assert {
    condition = {
      for name, instance in appenv_app_instance.this :
      name => provider::appenv::names(instance.app, instance.env, null).owner_role
      } == {
      dance-lessons-coach = "dance-lessons-coach_role"
      erp                 = "erp_role"
      erp-sandbox         = "erp_sandbox_role"
    }
    error_message = "Production must keep <app>_role, and the sandbox must get <app>_sandbox_role."
  }

  assert {
    condition     = alltrue([for instance in values(appenv_app_instance.this) : instance.adopt == "verify"])
    error_message = "What was made by hand must be taken over without a change: adopt must be verify."
  }
}

run "outputs_are_those_of_their_instance" {
  assert {
    condition = alltrue([
      for key, out in output.instances :
      out.name == "what-it-is-called"
      && out.database == appenv_app_instance.this[key].resolved_names.database
      && out.secrets == "kvv2/${appenv_app_instance.this[key].resolved_names.kv_path}"
    ])
    error_message = "The output instances must give each instance its own name, database and secrets."
  }

  assert {
    condition     = strcontains(output.argocd_applications["erp-sandbox"], "namespace: erp-sandbox")
    error_message = "Argo CD must deploy the sandbox to its own namespace."
  }
}

run "an_environment_that_nobody_declared_is_refused" {
  command = plan

  variables {
    apps = {
      erp = { envs = ["prod", "sandbx"] }
    }
  }

  expect_failures = [var.apps]
}
