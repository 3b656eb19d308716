# Bronze: Strava's bytes as they came. Names are immutable, so versions of objects would say nothing.

resource "google_storage_bucket" "bronze" {
  name     = "${var.project}-${local.prefix}-bronze"
  location = var.region

  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  versioning {
    enabled = false
  }

  # What an event could not be published to waits here, and is replayed within a day.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 30
      matches_prefix = ["spool/"]
    }
  }
}
