terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

locals {
  text = <<-EOT
    # Where it listens.
    export PORT=8080
    GREETING="it's fine" # to all
  EOT
}

output "port" {
  value = provider::appenv::dotenv_decode(local.text).PORT # 8080
}
