# The whole of it, planned and applied to providers that only pretend: `terraform test`, after
# `terraform init -backend=false`. No cloud and no account is needed.

mock_provider "archive" {}

mock_provider "time" {}

mock_provider "google-beta" {
  mock_resource "google_project_service_identity" {
    defaults = {
      member = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    }
  }
}

mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }

  mock_resource "google_cloudfunctions2_function" {
    defaults = {
      service_config = {
        uri = "https://function.example"
      }
    }
  }
}

variables {
  environment       = "dev"
  project           = "some-project"
  repository        = "owner/paceline"
  strava_client_id  = "12345"
  alert_emails      = ["me@example.com"]
  bi_readers        = ["group:analysts@example.com", "user:me@example.com"]
  dashboard_readers = ["group:athletes@example.com"]
}

run "everything_but_what_is_asked_for" {
  assert {
    condition     = toset(keys(module.function)) == toset(keys(module.bundles.files))
    error_message = "What is deployed is not what ships a bundle."
  }

  assert {
    condition     = alltrue([for step, function in module.function : function.service == "paceline-dev-${replace(step, "_", "-")}"])
    error_message = "A function's name is not its step's."
  }

  assert {
    condition     = toset(keys(google_bigquery_table.table)) == toset(keys(jsondecode(file("tables.json"))))
    error_message = "Not every table of sql/ is made."
  }

  assert {
    condition     = length(google_cloud_run_v2_service.dashboard) == 0 && length(google_billing_budget.month) == 0
    error_message = "A dashboard or a budget is made that nobody asked for."
  }

  assert {
    condition     = google_bigquery_dataset.layer["marts"].dataset_id == "paceline_dev_marts"
    error_message = "A dataset does not begin with its environment."
  }

  assert {
    condition     = google_bigquery_dataset_access.bi_readers["group:analysts@example.com"].group_by_email == "analysts@example.com" && google_bigquery_dataset_access.bi_readers["user:me@example.com"].user_by_email == "me@example.com"
    error_message = "A reader of the marts is not who was named."
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.above["oldest-unacked"].conditions[0].condition_threshold[0].filter, "paceline-dev-(audit|fetch-activity|forget-athlete|load-silver)")
    error_message = "Nobody hears of a message that waits."
  }

  assert {
    condition     = google_monitoring_alert_policy.absent["freshness"].conditions[0].condition_absent[0].duration == "3600s"
    error_message = "Nobody hears of marts that are an hour old."
  }

  assert {
    condition     = output.connect_url == "https://paceline-dev-connect-athlete-123456789012.europe-west3.run.app/connect_athlete/start"
    error_message = "Athletes are sent elsewhere."
  }
}

run "what_is_asked_for" {
  variables {
    marts_schedule  = "every 2 hours"
    billing_account = "000000-000000-000000"
    dashboard_image = "europe-docker.pkg.dev/some-project/dashboard:1"
  }

  assert {
    condition     = google_cloud_run_v2_service.dashboard["dashboard"].iap_enabled && toset(keys(google_iap_web_cloud_run_service_iam_member.reads_dashboard)) == toset(["group:athletes@example.com"])
    error_message = "The dashboard is not for those who may read it."
  }

  assert {
    condition     = google_monitoring_alert_policy.absent["freshness"].conditions[0].condition_absent[0].duration == "28800s"
    error_message = "Marts that are built every two hours are not awaited for as long."
  }

  assert {
    condition     = google_billing_budget.month["month"].amount[0].specified_amount[0].units == "20"
    error_message = "The budget is not what was said."
  }
}

run "what_cannot_be_meant" {
  command = plan

  variables {
    project           = "Some Project"
    strava_client_id  = "me"
    marts_schedule    = "every day 04:00"
    dashboard_readers = ["allUsers"]
    bi_readers        = ["allAuthenticatedUsers"]
  }

  expect_failures = [var.project, var.strava_client_id, var.marts_schedule, var.dashboard_readers, var.bi_readers]
}
