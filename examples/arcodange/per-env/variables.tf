variable "app" {
  description = "The application, such as erp."
  type        = string
}

variable "env" {
  description = "The environment of it that this state holds."
  type        = string

  validation {
    condition     = contains(["prod", "sandbox"], var.env)
    error_message = "The environment is prod or sandbox."
  }
}

variable "connection_limit" {
  description = "Most sessions of its database at a time; -1 is no limit."
  type        = number
  default     = -1
}

variable "deletion_protection" {
  description = "Whether the instance is safe from deletion; null: production is."
  type        = bool
  default     = null
}
