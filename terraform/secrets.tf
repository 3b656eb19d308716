# Empty secrets. An operator adds each version, so no value is in the code, the plan or the state.
# A function cannot be deployed before the secrets that it mounts have one: README.md says how.

locals {
  secrets = toset([
    "keyring",
    "strava_client_secret",
    "subscription_id",
    "verify_token",
    "webhook_secret",
  ])
}

resource "google_secret_manager_secret" "secret" {
  for_each = local.secrets

  secret_id           = "${local.prefix}-${replace(each.key, "_", "-")}"
  deletion_protection = local.is_prod

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }

  labels = {
    component = "secrets"
  }

  depends_on = [google_project_service.api]
}
