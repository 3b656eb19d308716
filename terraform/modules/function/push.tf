# A function that the bus calls: its subscription, and where a message goes that it cannot take. The
# dead letters have a subscription of their own, for a topic without one loses messages.

locals {
  _push = { for step, trigger in { (var.step) = var.trigger } : step => trigger if trigger.kind == "push" }
}

resource "google_pubsub_topic" "dead_letters" {
  #checkov:skip=CKV_GCP_83:messages hold ids alone; Google's own keys encrypt them at rest
  for_each = local._push

  name = "${local.name}-dead-letters"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  labels = {
    component = var.step
  }
}

resource "google_pubsub_subscription" "dead_letters" {
  for_each = local._push

  name                       = "${local.name}-dead-letters"
  topic                      = google_pubsub_topic.dead_letters[each.key].id
  ack_deadline_seconds       = 600 # whoever lists many holds the first until the last has come
  message_retention_duration = "2678400s"

  # Without this a subscription that is idle for 31 days is deleted.
  expiration_policy {
    ttl = ""
  }

  labels = {
    component = var.step
  }
}

resource "google_pubsub_subscription" "push" {
  for_each = local._push

  name   = local.name
  topic  = var.topics[each.value.topic]
  filter = join(" AND ", [for name, value in each.value.only : "attributes.${name} = \"${value}\""])

  ack_deadline_seconds       = min(600, var.limits.timeout_s)
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }

  # Ten attempts in about forty minutes: an outage of a dependency is over, or somebody should look.
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters[each.key].id
    max_delivery_attempts = 10
  }

  push_config {
    push_endpoint = google_cloudfunctions2_function.step.service_config[0].uri

    oidc_token {
      service_account_email = var.callers.push
      audience              = google_cloudfunctions2_function.step.service_config[0].uri
    }
  }

  labels = {
    component = var.step
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}

# Pub/Sub itself moves a dead letter: it takes it from the one and publishes it to the other.
resource "google_pubsub_topic_iam_member" "buries" {
  for_each = local._push

  topic  = google_pubsub_topic.dead_letters[each.key].id
  role   = "roles/pubsub.publisher"
  member = var.callers.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "gives_up" {
  for_each = local._push

  subscription = google_pubsub_subscription.push[each.key].id
  role         = "roles/pubsub.subscriber"
  member       = var.callers.pubsub_agent
}
