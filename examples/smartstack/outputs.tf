output "services" {
  description = "Name of each service, such as smartstack-dev-api."
  value       = appenv_app_instance.this.resolved_names.services
}

output "iam_role" {
  description = "Name of the environment's IAM role."
  value       = appenv_app_instance.this.resolved_names.iam_role
}

output "log_groups" {
  description = "Log group of each service, and for how many days it is kept."
  value       = local.log_groups
}

output "secret_paths" {
  description = "Where each secret is in Parameter Store."
  value = merge(
    { for name, secret in appenv_env_secret.generated : name => secret.path },
    { api-key = appenv_env_secret.api_key.path },
  )
}
