# The one schedule that belongs to no function: marts are built in BigQuery, by one script. Those of
# the functions are the cron in functions.tf. Never on the hour: BigQuery may then run it twice.
#
# Once a week another script builds everything from landing, and compares: what was built bit by bit
# must be just that. It also is the full run that tables need whose SQL a deployment has changed.

locals {
  _scripts = {
    build_marts   = var.marts_schedule
    compare_marts = "every sunday 04:33"
  }
}

resource "google_bigquery_data_transfer_config" "script" {
  for_each = local._scripts

  display_name         = "${local.prefix}-${replace(each.key, "_", "-")}"
  data_source_id       = "scheduled_query"
  location             = var.region
  schedule             = each.value
  service_account_name = google_service_account.service["marts"].email

  params = {
    query = templatefile("${path.module}/${each.key}.sql", {
      prefix = local.dataset_prefix
    })
  }

  depends_on = [
    google_bigquery_dataset_access.marts_writes,
    google_bigquery_table.table,
    google_project_iam_member.runs_queries,
    google_service_account_iam_member.transfer_agent,
    time_sleep.grants_are_known,
  ]
}
