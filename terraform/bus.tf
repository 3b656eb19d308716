# The bus: one topic for what may have happened, one for what landed in bronze. Who listens, and
# where a message goes that nobody could take, belongs to the listening function: modules/function.

locals {
  topics = toset(["events", "landed"])
}

resource "google_pubsub_topic" "topic" {
  #checkov:skip=CKV_GCP_83:messages hold ids alone; Google's own keys encrypt them at rest
  for_each = local.topics

  name                       = "${local.prefix}-${each.key}"
  message_retention_duration = "604800s"

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  labels = {
    component = "bus"
  }

  depends_on = [google_project_service.api]
}
