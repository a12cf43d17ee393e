variable "env" {
  description = "Environment of this machine."
  type        = string

  validation {
    condition     = contains(["staging", "production"], var.env)
    error_message = "The environment is staging or production; development works in the project's own directory."
  }
}

variable "machine" {
  description = "What this machine is called; a run on another one changes nothing."
  type        = string
}

variable "root" {
  description = "Directory of all instances."
  type        = string
  default     = "/opt"
}

variable "legacy_names" {
  description = "Database and owner role as they were made by hand, until they are renamed. Null: as the convention has them."
  type = object({
    database   = string
    owner_role = string
  })
  default = null
}

variable "deletion_protection" {
  description = "Whether the instance is safe from deletion; null: production is."
  type        = bool
  default     = null
}
