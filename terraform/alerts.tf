# What somebody must hear of. Each alert is one entry, and its key is the heading of
# docs/operations.md that says what to do about it.

locals {
  _webhook_runs    = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name = \"${module.function["receive_webhook"].service}\""
  _subscription_is = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = monitoring.regex.full_match"
  _ran             = { for script, config in google_bigquery_data_transfer_config.script : script => "resource.type = \"bigquery_dts_config\" AND resource.labels.config_id = \"${reverse(split("/", config.name))[0]}\" AND metric.type = \"bigquerydatatransfer.googleapis.com/transfer_config/completed_runs\"" }
  _logged          = { for name, metric in google_logging_metric.outcome : name => "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${metric.name}\"" }

  _waited_for = join("|", concat(["audit"], [for step, each in local.functions : replace(step, "_", "-") if each.trigger.kind == "push"]))

  # Four runs in a row that did not succeed, and at least an hour.
  _every       = regex("^every ([0-9]+) (minutes|hours)$", var.marts_schedule)
  _freshness_s = max(3600, 4 * tonumber(local._every[0]) * (local._every[1] == "hours" ? 3600 : 60))

  # More than `above` for `for_s` seconds, looked at by `by` over `over_s` seconds.
  alerts_above = {
    dead-letters     = { says = "A message was given up on", filter = "${local._subscription_is}(\"${local.prefix}-.*-dead-letters\") AND metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\"", by = "ALIGN_MAX", above = 0 }
    oldest-unacked   = { says = "A message has waited for an hour", filter = "${local._subscription_is}(\"${local.prefix}-(${local._waited_for})\") AND metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"", by = "ALIGN_MAX", above = 3600 }
    webhook-errors   = { says = "The webhook answers Strava with errors", filter = "${local._webhook_runs} AND metric.type = \"run.googleapis.com/request_count\" AND metric.labels.response_code_class = \"5xx\"", by = "ALIGN_SUM", above = 0.001, of = "${local._webhook_runs} AND metric.type = \"run.googleapis.com/request_count\"", severity = "CRITICAL" }
    webhook-latency  = { says = "The webhook comes close to Strava's two seconds", filter = "${local._webhook_runs} AND metric.type = \"run.googleapis.com/request_latencies\"", by = "ALIGN_PERCENTILE_99", above = 1500, for_s = 600 }
    strava-inactive  = { says = "Strava refuses the whole application", filter = local._logged["strava_inactive"], by = "ALIGN_SUM", severity = "CRITICAL" }
    spooled          = { says = "Events went beside the bus", filter = local._logged["spooled"], by = "ALIGN_SUM" }
    access-lost      = { says = "Strava refuses an athlete's token", filter = local._logged["access_lost"], by = "ALIGN_SUM", severity = "WARNING" }
    function-errors  = { says = "A function failed in a way that nobody expected", filter = local._logged["errors"], by = "ALIGN_SUM" }
    marts-failed     = { says = "The marts were not built", filter = "${local._ran["build_marts"]} AND metric.labels.completion_state != \"SUCCEEDED\"", by = "ALIGN_SUM" }
    marts-drifted    = { says = "A full run built other rows, or could not", filter = "${local._ran["compare_marts"]} AND metric.labels.completion_state != \"SUCCEEDED\"", by = "ALIGN_SUM" }
    forged           = { says = "Somebody who is not Strava calls the webhook", filter = local._logged["forged"], by = "ALIGN_SUM", above = 100, severity = "WARNING" }
    reconcile-failed = { says = "A comparison with Strava's list failed", filter = local._logged["reconcile_failed"], by = "ALIGN_SUM" }
  }

  # Nothing of it for `for_s` seconds. It counts once there was anything.
  alerts_absent = {
    freshness         = { says = "The marts have not been built for too long", filter = "${local._ran["build_marts"]} AND metric.labels.completion_state = \"SUCCEEDED\"", for_s = local._freshness_s }
    release-stopped   = { says = "Nobody releases parked work any more", filter = local._logged["released"], for_s = 900 }
    reconcile-stopped = { says = "Nobody compares with Strava's list any more", filter = local._logged["reconcile_ran"], for_s = 10800 }
  }

  # Lines of ours in the log (paceline.runtime.logs) that are counted. For parked and rate_day_exhausted
  # nobody is called, for a first import does both each day: they are for a chart. access_lost is an
  # athlete who must authorise again.
  _outcomes = {
    strava_inactive    = "jsonPayload.outcome = \"halted\""
    access_lost        = "jsonPayload.outcome = (\"access_lost\" OR \"access_refused\")"
    spooled            = "jsonPayload.outcome = \"spooled\""
    errors             = "severity >= ERROR AND jsonPayload.step : * AND NOT jsonPayload.outcome = (\"halted\" OR \"access_lost\" OR \"access_refused\")"
    parked             = "jsonPayload.outcome = \"parked\""
    forged             = "jsonPayload.outcome = (\"forged_path\" OR \"foreign_subscription\")"
    rate_day_exhausted = "jsonPayload.outcome = \"parked\" AND jsonPayload.why : \"this day's reads\""
    reconcile_failed   = "jsonPayload.step = \"reconcile\" AND severity >= WARNING"
    released           = "jsonPayload.step = \"release_work\" AND jsonPayload.outcome = (\"released\" OR \"busy\" OR \"failed\")"
    reconcile_ran      = "jsonPayload.step = \"reconcile\""
  }

  _operations = "https://github.com/${var.repository}/blob/main/docs/operations.md"
}

resource "google_logging_metric" "outcome" {
  for_each = local._outcomes

  name        = "${local.prefix}-${replace(each.key, "_", "-")}"
  description = "Lines of ours with ${each.value}."
  filter      = "resource.type = \"cloud_run_revision\" AND resource.labels.service_name =~ \"^${local.prefix}-\" AND ${each.value}"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  display_name = "${local.prefix}: ${each.key}"
  type         = "email"

  labels = {
    email_address = each.key
  }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "above" {
  for_each = local.alerts_above

  display_name          = "${local.prefix}: ${each.value.says}"
  combiner              = "OR"
  severity              = lookup(each.value, "severity", "ERROR")
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  conditions {
    display_name = each.value.says

    condition_threshold {
      filter             = each.value.filter
      denominator_filter = lookup(each.value, "of", null)
      comparison         = "COMPARISON_GT"
      threshold_value    = lookup(each.value, "above", 0)
      duration           = "${lookup(each.value, "for_s", 0)}s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.by
        cross_series_reducer = each.value.by == "ALIGN_SUM" ? "REDUCE_SUM" : "REDUCE_MAX"
      }

      dynamic "denominator_aggregations" {
        for_each = contains(keys(each.value), "of") ? [each.value.of] : []

        content {
          alignment_period     = "300s"
          per_series_aligner   = each.value.by
          cross_series_reducer = "REDUCE_SUM"
        }
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = each.value.says

    links {
      display_name = "What to do"
      url          = "${local._operations}#${each.key}"
    }
  }

  depends_on = [time_sleep.metrics_are_known]
}

resource "google_monitoring_alert_policy" "absent" {
  for_each = local.alerts_absent

  display_name          = "${local.prefix}: ${each.value.says}"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  conditions {
    display_name = each.value.says

    condition_absent {
      filter   = each.value.filter
      duration = "${each.value.for_s}s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = each.value.says

    links {
      display_name = "What to do"
      url          = "${local._operations}#${each.key}"
    }
  }

  depends_on = [time_sleep.metrics_are_known]
}

resource "google_billing_budget" "month" {
  for_each = { for name in ["month"] : name => var.billing_account if var.billing_account != "" }

  billing_account = each.value
  display_name    = "${local.prefix}: what a month may cost (docs/operations.md#budget)"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }

  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1]

    content {
      threshold_percent = threshold_rules.value
    }
  }

  all_updates_rule {
    monitoring_notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]
  }
}
