variable "build" {
  description = "Who builds the image, and the repository that it goes to."
  type = object({
    repository      = string
    service_account = string
  })
}

variable "callers" {
  description = "The identities that Pub/Sub and the scheduler call as, and Pub/Sub's own agent."
  type = object({
    push         = string
    schedule     = string
    pubsub_agent = string
  })
}

variable "limits" {
  description = "What one instance gets, and how many there may be."
  type = object({
    concurrency   = optional(number, 8)
    max_instances = optional(number, 3)
    memory        = optional(string, "512Mi")
    min_instances = optional(number, 0)
    timeout_s     = optional(number, 300)
  })
  default = {}
}

variable "prefix" {
  description = "What the name of everything begins with."
  type        = string
}

variable "project" {
  description = "The project of the secrets."
  type        = string
}

variable "region" {
  description = "Where it runs."
  type        = string
}

variable "secrets" {
  description = "Secrets mounted as /secrets/<name>/value: their names, and their ids."
  type        = map(string)
  default     = {}
}

variable "settings" {
  description = "Environment variables. Never a secret: those are mounted."
  type        = map(string)
}

variable "source_code" {
  description = "The zip."
  type = object({
    bucket = string
    object = string
  })
}

variable "step" {
  description = "The name of the step, as in functions/<step>/main.py."
  type        = string
}

variable "topics" {
  description = "The topics of the bus, by what travels on them."
  type        = map(string)
}

variable "trigger" {
  description = "http_public: the internet calls it. push: messages of `topic` that carry the attributes `only`. schedule: the clock, by `cron` in UTC."
  type = object({
    kind  = string
    topic = optional(string)
    only  = optional(map(string), {})
    cron  = optional(string)
  })

  validation {
    condition     = contains(["http_public", "push", "schedule"], var.trigger.kind)
    error_message = "A trigger is http_public, push or schedule."
  }

  validation {
    condition     = (var.trigger.kind == "push") == (var.trigger.topic != null) && (var.trigger.kind == "schedule") == (var.trigger.cron != null)
    error_message = "push has a topic, schedule has a cron, and no other has them."
  }
}
