# A function that the clock calls.

locals {
  _schedule = { for step, trigger in { (var.step) = var.trigger } : step => trigger if trigger.kind == "schedule" }
}

resource "google_cloud_scheduler_job" "schedule" {
  for_each = local._schedule

  name             = local.name
  region           = var.region
  schedule         = each.value.cron
  time_zone        = "Etc/UTC"
  attempt_deadline = "${min(1800, var.limits.timeout_s)}s"

  # The next minute, or day, is the better retry: what is not done stays due.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.step.service_config[0].uri
    body        = base64encode("{}")

    headers = {
      "Content-Type" = "application/json"
    }

    oidc_token {
      service_account_email = var.callers.schedule
      audience              = google_cloudfunctions2_function.step.service_config[0].uri
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}
