env     = "staging"
machine = "staging-1"
