# One environment of Karmyq on its machine. Which one: -var-file=ENV.tfvars.

provider "appenv" {
  convention = "underscored-v1" # karmyq_staging, karmyq_production, karmyq_user
  owner      = "karmyq/platform"

  host {
    root = var.root
    name = var.machine
  }

  postgres {}
}

resource "appenv_app_instance" "this" {
  app                 = "karmyq"
  env                 = var.env
  env_files           = ["", "users"]
  deletion_protection = var.deletion_protection

  dynamic "names" {
    for_each = var.legacy_names[*]

    content {
      database   = names.value.database
      owner_role = names.value.owner_role
    }
  }
}

# In .env.{env}.
resource "appenv_env_secret" "jwt_secret" {
  app = appenv_app_instance.this.app
  env = appenv_app_instance.this.env
  key = "JWT_SECRET"

  generate {
    kind   = "base64"
    length = 64
  }
}

# In .env.{env}.users.
resource "appenv_env_secret" "simulated_users_password" {
  app  = appenv_app_instance.this.app
  env  = appenv_app_instance.this.env
  key  = "SIMULATED_USERS_PASSWORD"
  file = "users"

  generate {}
}
