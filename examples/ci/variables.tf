variable "app" {
  description = "The application of this repository."
  type        = string
  default     = "erp"
}

variable "envs" {
  description = "Environments that it runs in."
  type        = set(string)
  default     = ["prod", "sandbox"]

  validation {
    condition     = length(setsubtract(var.envs, ["prod", "sandbox"])) == 0
    error_message = "An environment is prod or sandbox; another one needs an environment block in main.tf."
  }
}

variable "deletion_protection" {
  description = "Whether the instances are safe from deletion; null: production is."
  type        = bool
  default     = null
}
