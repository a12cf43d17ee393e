output "instance" {
  description = "Name of the instance, such as erp-sandbox."
  value       = appenv_app_instance.this.instance
}

output "names" {
  description = "Every name of the instance."
  value       = appenv_app_instance.this.resolved_names
}

output "state_prefix" {
  description = "What the address of this state ends in."
  value       = appenv_app_instance.this.state_prefix
}
