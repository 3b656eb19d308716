variable "environment" {
  description = "Which installation the project is for. There is no default: say which."
  type        = string
}

variable "project" {
  description = "The Google Cloud project, which exists and has a billing account."
  type        = string
}

variable "region" {
  description = "Where the state lives."
  type        = string
  default     = "europe-west3"
}

variable "repository" {
  description = "The repository on GitHub that deploys, owner/name."
  type        = string

  validation {
    condition     = can(regex("^[\\w.-]+/[\\w.-]+$", var.repository))
    error_message = "The repository must be owner/name."
  }
}

variable "repository_id" {
  description = "Its number, from https://api.github.com/repos/owner/name."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.repository_id))
    error_message = "The repository's id is a whole number."
  }
}
