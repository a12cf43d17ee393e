terraform import appenv_app_instance.sandbox erp/sandbox

# An instance with names of its own is imported by them; they land in `names`.
terraform import appenv_app_instance.prod 'karmyq/production?database=karmyq_prod&owner_role=karmyq_prod'
