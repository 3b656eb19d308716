# The bus: one topic for what may have happened, one for what landed in bronze. Each has a dead-letter
# topic with a subscription of its own, for a topic without one loses messages.

locals {
  prefix = "paceline-${var.environment}"
  topics = toset(["events", "landed"])
}

resource "google_pubsub_topic" "topic" {
  for_each = local.topics

  name                       = "${local.prefix}-${each.key}"
  message_retention_duration = "604800s"
}

resource "google_pubsub_topic" "dead_letters" {
  for_each = local.topics

  name = "${local.prefix}-${each.key}-dead-letters"
}

resource "google_pubsub_subscription" "dead_letters" {
  for_each = local.topics

  name                       = "${local.prefix}-${each.key}-dead-letters"
  topic                      = google_pubsub_topic.dead_letters[each.key].id
  message_retention_duration = "2678400s"

  # Without this a subscription that is idle for 31 days is deleted.
  expiration_policy {
    ttl = ""
  }
}
