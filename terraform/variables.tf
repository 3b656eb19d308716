variable "alert_emails" {
  description = "Who is told when an alert fires."
  type        = set(string)
}

variable "bi_readers" {
  description = "Who may read marts, such as group:analysts@example.com. They see nothing else."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.bi_readers : can(regex("^(user|group|serviceAccount):", member))])
    error_message = "A reader begins with user:, group: or serviceAccount:."
  }
}

variable "billing_account" {
  description = "The billing account, for the budget; empty means no budget."
  type        = string
  default     = ""
}

variable "dashboard_image" {
  description = "The image of the dashboard; empty means no dashboard."
  type        = string
  default     = ""
}

variable "dashboard_readers" {
  description = "Who may open the dashboard, such as group:athletes@example.com. They are of the project's organization, without which Identity-Aware Proxy opens nothing."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.dashboard_readers : can(regex("^(user|group|domain):", member))])
    error_message = "A reader begins with user:, group: or domain:; the dashboard is never public."
  }
}

variable "environment" {
  description = "Which installation this is; part of every name. There is no default: say which."
  type        = string
}

variable "marts_schedule" {
  description = "How often the marts are built: every so many minutes or hours. BigQuery takes nothing below five minutes."
  type        = string
  default     = "every 15 minutes"

  # An alert hears of marts that are four runs old, and can wait for a day at most.
  validation {
    condition     = can(regex("^every ([5-9]|[1-9][0-9]|[12][0-9]{2}|300) minutes$|^every [1-5] hours$", var.marts_schedule))
    error_message = "The marts are built every 5 to 300 minutes, or every 1 to 5 hours, such as \"every 15 minutes\"."
  }
}

variable "monthly_budget" {
  description = "What a month may cost, in the currency of the billing account."
  type        = number
  default     = 20
}

variable "project" {
  description = "The Google Cloud project that holds everything. There is no default: say which."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "The project must be the id of a Google Cloud project."
  }
}

variable "region" {
  description = "Where the data lives."
  type        = string
  default     = "europe-west3"
}

variable "repository" {
  description = "The repository on GitHub, owner/name: where an alert's explanation is read."
  type        = string

  validation {
    condition     = can(regex("^[\\w.-]+/[\\w.-]+$", var.repository))
    error_message = "The repository must be owner/name."
  }
}

variable "strava_client_id" {
  description = "The number of your application, from strava.com/settings/api. It is no secret."
  type        = string

  validation {
    condition     = can(regex("^[1-9][0-9]*$", var.strava_client_id))
    error_message = "Strava's client id is a whole number."
  }
}

variable "webhook_min_instances" {
  description = "Instances of the webhook that are kept warm; 1 costs about 8 dollars a month. Strava sends again what a cold start missed."
  type        = number
  default     = 0
}
