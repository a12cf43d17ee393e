env     = "production"
machine = "production-1"
