env     = "production"
machine = "production-1"

legacy_names = {
  database   = "karmyq_prod"
  owner_role = "karmyq_prod"
}
