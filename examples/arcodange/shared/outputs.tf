output "instances" {
  description = "Of each instance what its chart takes: name, database, Vault paths, namespace, host name."
  value = {
    for key, instance in appenv_app_instance.this : key => {
      name                 = instance.instance
      database             = instance.resolved_names.database
      owner_role           = instance.resolved_names.owner_role
      database_credentials = "${local.mounts.database}/creds/${instance.resolved_names.vault_database_role}"
      secrets              = "${local.mounts.kv}/${instance.resolved_names.kv_path}"
      namespace            = instance.resolved_names.namespace
      host                 = instance.resolved_names.dns_host
    }
  }
}

output "argocd_applications" {
  description = "The Argo CD Application of each instance, in YAML."
  value = {
    for name, instance in local.instances :
    name => provider::appenv::argocd_application(instance.app, instance.env, merge(local.options, {
      argocd = {
        repo_url = "https://gitea.arcodange.lab/arcodange-org/${instance.app}.git"
        path     = "chart"
        helm     = true
      }
    }))
  }
}
