variable "env" {
  description = "Environment that this state holds."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.env)
    error_message = "The environment is dev, staging or prod."
  }
}

variable "services" {
  description = "Parts of the application; each has a name and a log group of its own."
  type        = set(string)
  default     = ["api", "ai-processor"]
}

variable "release" {
  description = "Version that runs in this environment; production takes what staging had."
  type        = string
}

variable "api_key" {
  description = "Key of the model's API. Set TF_VAR_api_key at plan and at apply."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "api_key_version" {
  description = "Raise it to have another api_key written."
  type        = number
  default     = 1
}

variable "region" {
  description = "Region of AWS."
  type        = string
  default     = "eu-west-3"
}

variable "expected_account" {
  description = "Number of the AWS account; with the credentials of another one nothing is read or written. Null: any."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether the instance is safe from deletion; null: production is."
  type        = bool
  default     = null
}
