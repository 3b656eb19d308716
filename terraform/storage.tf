# Bronze: Strava's bytes as they came. Names are immutable, so versions of objects would say nothing,
# and what is forgotten must be gone at once: nothing is kept after a delete.

resource "google_storage_bucket" "bronze" {
  #checkov:skip=CKV_GCP_62:reads are in the audit log of Cloud Storage, where it is switched on
  #checkov:skip=CKV_GCP_78:objects are written once; a version kept would be an erasure not done
  name     = "${var.project}-${local.prefix}-bronze"
  location = var.region

  force_destroy               = !local.is_prod
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  versioning {
    enabled = false
  }

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  # What an event could not be published to waits here, and is replayed within minutes.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 30
      matches_prefix = ["spool/"]
    }
  }

  labels = {
    component = "bronze"
  }
}
