output "instances" {
  description = "Name of the instance in each environment."
  value       = { for env, instance in appenv_app_instance.this : env => instance.instance }
}
