# The one schedule that belongs to no function: marts are built in BigQuery, by one script. Those of
# the functions are the cron in functions.tf. Never on the hour: BigQuery may then run it twice.

resource "google_bigquery_data_transfer_config" "build_marts" {
  display_name         = "${local.prefix}-build-marts"
  data_source_id       = "scheduled_query"
  location             = var.region
  schedule             = var.marts_schedule
  service_account_name = google_service_account.service["marts"].email

  params = {
    query = templatefile("${path.module}/build_marts.sql", {
      prefix = local.dataset_prefix
    })
  }

  depends_on = [
    google_bigquery_dataset_access.marts_writes,
    google_bigquery_table.table,
    google_project_iam_member.runs_queries,
    google_service_account_iam_member.transfer_agent,
  ]
}
