# What runs: one line a function, in the order of the data. A step's name is its folder in
# functions/, its module in shared/paceline/steps/, its key here and its field in the log.
#
# may: what its identity is granted, each word explained in identities.tf.
# secrets: what is mounted into it, and what its identity may read.

locals {
  functions = {
    connect_athlete = { trigger = local._public, may = ["state", "write_bronze", "publish_landed"], secrets = local._strava }
    receive_webhook = { trigger = local._public, may = ["spool", "publish_events"], secrets = local._webhook, limits = local._edge }
    fetch_activity  = { trigger = local._activity_events, may = ["state", "write_bronze", "publish_landed"], secrets = local._strava }
    forget_athlete  = { trigger = local._athlete_events, may = ["state"], secrets = local._strava }
    load_silver     = { trigger = local._landed, may = ["read_bronze", "append_rows"], secrets = [], limits = { memory = "1Gi" } }
    release_work    = { trigger = local._each_minute, may = ["state", "write_bronze", "publish_landed", "publish_events", "replay_spool"], secrets = local._strava, limits = { concurrency = 1 } }
    reconcile       = { trigger = local._each_hour, may = ["state", "write_bronze", "erase_bronze", "publish_landed"], secrets = local._strava, limits = { concurrency = 1, timeout_s = 900 } }
  }

  _public          = { kind = "http_public" }
  _activity_events = { kind = "push", topic = "events", only = { object_type = "activity" } }
  _athlete_events  = { kind = "push", topic = "events", only = { object_type = "athlete" } }
  _landed          = { kind = "push", topic = "landed" }
  _each_minute     = { kind = "schedule", cron = "* * * * *" }
  _each_hour       = { kind = "schedule", cron = "17 * * * *" } # often asked: each athlete is due once a day

  _strava  = ["strava_client_secret", "keyring"]
  _webhook = ["webhook_secret", "verify_token", "subscription_id"]

  # Strava waits two seconds, so the webhook takes many requests at once and starts often enough.
  _edge = { concurrency = 16, max_instances = 5, min_instances = var.webhook_min_instances, timeout_s = 10 }

  # Where an athlete's browser reaches connect_athlete, known before it is deployed.
  public_url = "https://${local.prefix}-connect-athlete-${data.google_project.this.number}.${var.region}.run.app"

  settings = {
    PACELINE_RUNTIME          = "gcp"
    PACELINE_PROJECT          = var.project
    PACELINE_PREFIX           = local.prefix
    PACELINE_DATASET_PREFIX   = local.dataset_prefix
    PACELINE_BUCKET           = google_storage_bucket.bronze.name
    PACELINE_PUBLIC_URL       = local.public_url
    PACELINE_STRAVA_CLIENT_ID = var.strava_client_id
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  step     = each.key
  prefix   = local.prefix
  project  = var.project
  region   = var.region
  trigger  = each.value.trigger
  limits   = lookup(each.value, "limits", {})
  settings = local.settings
  secrets  = { for name in each.value.secrets : name => google_secret_manager_secret.secret[name].secret_id }
  topics   = { for name, topic in google_pubsub_topic.topic : name => topic.id }

  source_code = {
    bucket = google_storage_bucket.source.name
    object = google_storage_bucket_object.bundle[each.key].name
  }

  build = {
    repository      = google_artifact_registry_repository.functions.id
    service_account = google_service_account.service["build"].id
  }

  callers = {
    push         = google_service_account.service["push"].email
    schedule     = google_service_account.service["scheduler"].email
    pubsub_agent = local.pubsub_agent
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build,
    google_project_iam_member.build_source,
    time_sleep.grants_are_known,
  ]
}
