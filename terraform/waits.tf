# What Google needs a while to know after it has said yes: without these the first deployment fails
# half way, and the second one succeeds.

# A new identity and its grants: about a minute, seldom longer than two.
resource "time_sleep" "grants_are_known" {
  create_duration = "120s"

  triggers = {
    build  = google_service_account.service["build"].email
    image  = google_artifact_registry_repository_iam_member.build.id
    source = google_project_iam_member.build_source.id
    audit  = google_bigquery_table_iam_member.writes_audit.id
    marts  = google_service_account_iam_member.transfer_agent.id
  }
}

# A metric of the log may be named by an alert up to ten minutes later. It waits again for a new one.
resource "time_sleep" "metrics_are_known" {
  create_duration = "600s"

  triggers = {
    metrics = join(",", sort([for metric in google_logging_metric.outcome : metric.id]))
  }
}
