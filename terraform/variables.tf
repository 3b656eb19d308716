variable "environment" {
  description = "Which installation this is; part of every name."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "The environment must be dev, staging or prod."
  }
}

variable "project" {
  description = "The Google Cloud project that holds everything."
  type        = string
}

variable "region" {
  description = "Where the data lives."
  type        = string
  default     = "europe-west3"
}
