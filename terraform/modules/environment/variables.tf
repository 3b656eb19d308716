variable "environment" {
  description = "Which installation this is; part of every name."
  type        = string

  # Not "staging": the identity of its receive-webhook would be longer than Google's 30 characters.
  validation {
    condition     = contains(["dev", "stage", "prod"], var.environment)
    error_message = "The environment must be dev, stage or prod."
  }
}

variable "project" {
  description = "The Google Cloud project that holds everything."
  type        = string
}
