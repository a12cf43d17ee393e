output "instances" {
  description = "Name of the instance in each environment."
  value       = { for env, instance in appenv_app_instance.this : env => instance.instance }
}

output "state_prefix" {
  description = "What the address of this state ends in."
  value       = one(distinct([for instance in appenv_app_instance.this : instance.state_prefix]))
}
