mock_provider "appenv" {}

variables {
  env     = "production"
  machine = "production-1"

  legacy_names = {
    database   = "karmyq_prod"
    owner_role = "karmyq_prod"
  }
}

run "production_keeps_the_names_it_has" {
  assert {
    condition = (
      appenv_app_instance.this.names.database == "karmyq_prod"
      && appenv_app_instance.this.names.owner_role == "karmyq_prod"
    )
    error_message = "Until it is renamed, production must keep database and owner karmyq_prod."
  }
}
