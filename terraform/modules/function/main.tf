# One function: what runs, as whom, with which secrets. What may call it is in invoker.tf, push.tf
# and schedule.tf.

locals {
  name = "${var.prefix}-${replace(var.step, "_", "-")}"
}

resource "google_service_account" "identity" {
  account_id   = local.name
  display_name = "What ${var.step} runs as"
}

resource "google_secret_manager_secret_iam_member" "reads" {
  for_each = var.secrets

  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.identity.member
}

resource "google_cloudfunctions2_function" "step" {
  #checkov:skip=CKV_GCP_124:Strava and athletes' browsers call the two public ones; the others are internal
  name     = local.name
  location = var.region

  build_config {
    runtime           = "python311"
    entry_point       = var.step
    docker_repository = var.build.repository
    service_account   = var.build.service_account

    source {
      storage_source {
        bucket = var.source_code.bucket
        object = var.source_code.object
      }
    }
  }

  service_config {
    # More than one request at a time needs a whole CPU, and as many threads of the framework.
    available_cpu                    = "1"
    available_memory                 = var.limits.memory
    max_instance_request_concurrency = var.limits.concurrency
    max_instance_count               = var.limits.max_instances
    min_instance_count               = var.limits.min_instances
    timeout_seconds                  = var.limits.timeout_s
    service_account_email            = google_service_account.identity.email
    ingress_settings                 = var.trigger.kind == "http_public" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"

    environment_variables = merge(
      var.settings,
      { THREADS = tostring(var.limits.concurrency) },
      length(var.secrets) > 0 ? { PACELINE_SECRETS = "/secrets" } : {}, # else there is no such folder
    )

    dynamic "secret_volumes" {
      for_each = var.secrets

      content {
        mount_path = "/secrets/${secret_volumes.key}"
        project_id = var.project
        secret     = secret_volumes.value

        versions {
          version = "latest" # a volume follows it, so a new version needs no deployment
          path    = "value"
        }
      }
    }
  }

  labels = {
    component = var.step
  }

  depends_on = [google_secret_manager_secret_iam_member.reads]
}
