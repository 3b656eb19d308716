# The dashboard, once there is an image of it: Identity-Aware Proxy in front, marts behind, and never
# public.

locals {
  _dashboard = { for name in ["dashboard"] : name => var.dashboard_image if var.dashboard_image != "" }
}

resource "google_cloud_run_v2_service" "dashboard" {
  for_each = local._dashboard

  name                = "${local.prefix}-${each.key}"
  location            = var.region
  ingress             = "INGRESS_TRAFFIC_ALL"
  iap_enabled         = true
  deletion_protection = local.is_prod

  template {
    service_account = google_service_account.service["dashboard"].email

    scaling {
      max_instance_count = 2
    }

    containers {
      image = each.value

      # Where the marts are: dashboard/marts.py reads these, and nothing else.
      env {
        name  = "PACELINE_RUNTIME"
        value = "gcp"
      }
      env {
        name  = "PACELINE_PROJECT"
        value = var.project
      }
      env {
        name  = "PACELINE_DATASET_PREFIX"
        value = local.dataset_prefix
      }
    }
  }

  labels = {
    component = "dashboard"
  }
}

resource "google_cloud_run_v2_service_iam_member" "proxy_opens_dashboard" {
  for_each = google_cloud_run_v2_service.dashboard

  name     = each.value.name
  location = var.region
  role     = "roles/run.invoker"
  member   = local.proxy_agent
}

resource "google_iap_web_cloud_run_service_iam_member" "reads_dashboard" {
  for_each = { for member in var.dashboard_readers : member => "${local.prefix}-dashboard" if var.dashboard_image != "" }

  cloud_run_service_name = each.value
  location               = var.region
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.key

  depends_on = [google_cloud_run_v2_service.dashboard]
}
