# Who may call it. Cloud Run asks for this before our code sees the request.

locals {
  _invokers = {
    http_public = "allUsers"
    push        = "serviceAccount:${var.callers.push}"
    schedule    = "serviceAccount:${var.callers.schedule}"
  }
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  #checkov:skip=CKV_GCP_102:public is a kind of trigger here, given to two functions that a test names
  name     = google_cloudfunctions2_function.step.name
  location = var.region
  role     = "roles/run.invoker"
  member   = local._invokers[var.trigger.kind]
}
