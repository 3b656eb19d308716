# Every event that was accepted, in a table, for a month: Pub/Sub writes it, no code of ours does.
# Events hold ids alone.

resource "google_bigquery_table" "webhook_events" {
  #checkov:skip=CKV_GCP_80:ids alone; Google's own keys encrypt them at rest
  #checkov:skip=CKV_GCP_121:protected in prod; what is in dev may go with it
  dataset_id          = google_bigquery_dataset.layer["ops"].dataset_id
  table_id            = "webhook_events"
  description         = "Every event that was put on the bus, as Pub/Sub had it. One row per delivery"
  deletion_protection = local.is_prod
  clustering          = ["message_id"]

  time_partitioning {
    type          = "DAY"
    field         = "publish_time"
    expiration_ms = 2592000000 # 30 days
  }

  schema = jsonencode([
    { name = "subscription_name", type = "STRING", mode = "NULLABLE", description = "Which subscription delivered it" },
    { name = "message_id", type = "STRING", mode = "NULLABLE", description = "The same in every delivery of a message" },
    { name = "publish_time", type = "TIMESTAMP", mode = "NULLABLE", description = "When the bus took it" },
    { name = "attributes", type = "JSON", mode = "NULLABLE", description = "What subscriptions are filtered by, and the trace" },
    { name = "data", type = "STRING", mode = "NULLABLE", description = "The message" },
  ])

  labels = {
    component = "audit"
  }
}

# The table's own rights, so that the datasets' keep their authorised views.
resource "google_bigquery_table_iam_member" "writes_audit" {
  dataset_id = google_bigquery_table.webhook_events.dataset_id
  table_id   = google_bigquery_table.webhook_events.table_id
  role       = "roles/bigquery.dataEditor"
  member     = local.pubsub_agent
}

resource "google_pubsub_subscription" "audit" {
  name                       = "${local.prefix}-audit"
  topic                      = google_pubsub_topic.topic["events"].id
  message_retention_duration = "604800s"

  expiration_policy {
    ttl = ""
  }

  bigquery_config {
    table          = "${var.project}.${google_bigquery_table.webhook_events.dataset_id}.${google_bigquery_table.webhook_events.table_id}"
    write_metadata = true
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.audit_dead_letters.id
    max_delivery_attempts = 10
  }

  labels = {
    component = "audit"
  }

  depends_on = [google_bigquery_table_iam_member.writes_audit, time_sleep.grants_are_known]
}

resource "google_pubsub_topic" "audit_dead_letters" {
  #checkov:skip=CKV_GCP_83:messages hold ids alone; Google's own keys encrypt them at rest
  name = "${local.prefix}-audit-dead-letters"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  labels = {
    component = "audit"
  }

  depends_on = [google_project_service.api]
}

resource "google_pubsub_subscription" "audit_dead_letters" {
  name                       = "${local.prefix}-audit-dead-letters"
  topic                      = google_pubsub_topic.audit_dead_letters.id
  message_retention_duration = "2678400s"

  expiration_policy {
    ttl = ""
  }

  labels = {
    component = "audit"
  }
}

resource "google_pubsub_topic_iam_member" "buries_audit" {
  topic  = google_pubsub_topic.audit_dead_letters.id
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "gives_up_audit" {
  subscription = google_pubsub_subscription.audit.id
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}
