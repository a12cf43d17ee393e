terraform {
  required_providers {
    appenv = {
      source = "arcodange/appenv"
    }
  }
}

output "file" {
  value = provider::appenv::dotenv_encode({
    GREETING = "it's \"fine\" here"
    PORT     = "8080"
    PRICE    = "5 $"
  })
}
