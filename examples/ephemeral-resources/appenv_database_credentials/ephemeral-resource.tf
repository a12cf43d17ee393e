terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

provider "appenv" {
  owner = "arcodange/erp"

  # Leased from Vault where there is a `vault` block beside it, else made in PostgreSQL.
  postgres {}
}

resource "appenv_app_instance" "sandbox" {
  app = "erp"
  env = "sandbox"
}

ephemeral "appenv_database_credentials" "sandbox" {
  app        = "erp"
  env        = "sandbox"
  ttl        = "15m"
  generation = appenv_app_instance.sandbox.generation # opened once the instance is there
}

# A provider takes it in its block: host, port, username, password, database, sslmode, or `url` alone. A command takes
# it in its environment, never on its command line, which others can read.
resource "terraform_data" "tables" {
  triggers_replace = "1"

  provisioner "local-exec" {
    command = "psql --no-psqlrc --command 'CREATE TABLE IF NOT EXISTS invoices (id bigint PRIMARY KEY)'"

    environment = {
      PGHOST     = ephemeral.appenv_database_credentials.sandbox.host
      PGPORT     = ephemeral.appenv_database_credentials.sandbox.port
      PGUSER     = ephemeral.appenv_database_credentials.sandbox.username
      PGPASSWORD = ephemeral.appenv_database_credentials.sandbox.password
      PGDATABASE = ephemeral.appenv_database_credentials.sandbox.database
    }
  }
}
