variable "apps" {
  description = <<-EOT
    Applications by name: the environments that each runs in, how many sessions each of its databases takes (-1: any), and
    whether its instances are safe from deletion (null: production is).
  EOT
  type = map(object({
    envs                = optional(set(string), ["prod"])
    connection_limit    = optional(number, -1)
    deletion_protection = optional(bool)
  }))

  validation {
    condition     = alltrue([for app in values(var.apps) : length(setsubtract(app.envs, ["prod", "sandbox"])) == 0])
    error_message = "An environment is prod or sandbox; another one needs an environment block in main.tf."
  }

  validation {
    condition     = alltrue([for app in values(var.apps) : contains(app.envs, "prod")])
    error_message = "Each application has prod: a sandbox is a second instance of what runs there."
  }
}

variable "taking_over" {
  description = "Whether production that was made by hand is taken over without an approval: for the first apply only."
  type        = bool
  default     = false
}
