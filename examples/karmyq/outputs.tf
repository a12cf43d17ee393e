output "database" {
  description = "Database and its owner, for connection strings."
  value = {
    name  = appenv_app_instance.this.resolved_names.database
    owner = appenv_app_instance.this.resolved_names.owner_role
  }
}

output "directory" {
  description = "Where the application is deployed; the working tree is below it."
  value       = appenv_app_instance.this.resolved_names.app_dir
}

output "secret_files" {
  description = "The file that has each secret."
  value = {
    (appenv_env_secret.jwt_secret.key)               = appenv_env_secret.jwt_secret.path
    (appenv_env_secret.simulated_users_password.key) = appenv_env_secret.simulated_users_password.path
  }
}
