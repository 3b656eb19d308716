# Who may do what. Each function has an identity of its own (modules/function); here are the others,
# and every grant. A word in `may` of functions.tf is a grant below, on the narrowest resource there
# is. No role of Owner, Editor or Viewer, and no key, for anybody.

locals {
  services = {
    build     = "What Cloud Build makes images as"
    dashboard = "What the dashboard reads marts as"
    marts     = "What the scheduled query builds marts as"
    push      = "What Pub/Sub calls functions as"
    scheduler = "What the scheduler calls functions as"
  }

  # For each word in `may`, the functions that have it.
  may = {
    for word in toset(flatten([for each in local.functions : each.may])) :
    word => toset([for step, each in local.functions : step if contains(each.may, word)])
  }

  _bronze_objects = "projects/_/buckets/${google_storage_bucket.bronze.name}/objects"
  _built_sources  = "projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-${var.region}"
}

resource "google_service_account" "service" {
  for_each = local.services

  account_id   = "${local.prefix}-${each.key}"
  display_name = each.value

  depends_on = [google_project_service.api]
}

# publish_events, publish_landed

resource "google_pubsub_topic_iam_member" "publishes_events" {
  for_each = local.may["publish_events"]

  topic  = google_pubsub_topic.topic["events"].id
  role   = "roles/pubsub.publisher"
  member = module.function[each.key].member
}

resource "google_pubsub_topic_iam_member" "publishes_landed" {
  for_each = local.may["publish_landed"]

  topic  = google_pubsub_topic.topic["landed"].id
  role   = "roles/pubsub.publisher"
  member = module.function[each.key].member
}

# state: documents of the project's one database, and nothing else of Firestore.

resource "google_project_iam_member" "state" {
  for_each = local.may["state"]

  project = var.project
  role    = "roles/datastore.user"
  member  = module.function[each.key].member
}

# write_bronze: create objects, not read, replace or delete one. read_bronze: read and list them.

resource "google_storage_bucket_iam_member" "writes_bronze" {
  for_each = local.may["write_bronze"]

  bucket = google_storage_bucket.bronze.name
  role   = "roles/storage.objectCreator"
  member = module.function[each.key].member
}

resource "google_storage_bucket_iam_member" "reads_bronze" {
  for_each = setunion(local.may["read_bronze"], local.may["erase_bronze"], local.may["replay_spool"])

  bucket = google_storage_bucket.bronze.name
  role   = "roles/storage.objectViewer"
  member = module.function[each.key].member
}

# erase_bronze: take away what Strava said of an activity that is gone, and take it out of lists.
# Nothing else that is there: settings that were given by hand, and events that wait, are others'.

resource "google_storage_bucket_iam_member" "erases_bronze" {
  for_each = local.may["erase_bronze"]

  bucket = google_storage_bucket.bronze.name
  role   = "roles/storage.objectUser"
  member = module.function[each.key].member

  condition {
    title      = "strava-only"
    expression = "resource.name.startsWith(\"${local._bronze_objects}/strava/\")"
  }
}

# spool: put by what the bus did not take. replay_spool: list, read and remove it, once it was sent.

resource "google_storage_bucket_iam_member" "spools" {
  for_each = local.may["spool"]

  bucket = google_storage_bucket.bronze.name
  role   = "roles/storage.objectCreator"
  member = module.function[each.key].member

  condition {
    title      = "spool-only"
    expression = "resource.name.startsWith(\"${local._bronze_objects}/spool/\")"
  }
}

resource "google_storage_bucket_iam_member" "replays_spool" {
  for_each = local.may["replay_spool"]

  bucket = google_storage_bucket.bronze.name
  role   = "roles/storage.objectUser"
  member = module.function[each.key].member

  condition {
    title      = "spool-only"
    expression = "resource.name.startsWith(\"${local._bronze_objects}/spool/\")"
  }
}

# append_rows: see warehouse.tf for the datasets; this one is the right to run a job at all.

resource "google_project_iam_member" "runs_queries" {
  for_each = merge(
    { for step in local.may["append_rows"] : step => module.function[step].member },
    { for name in ["dashboard", "marts"] : name => google_service_account.service[name].member },
    { for member in var.bi_readers : member => member },
  )

  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = each.value
}

# The builder: reads the source that Cloud Functions copied for it, writes images and its log.

resource "google_project_iam_member" "build" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.service["build"].member
}

resource "google_artifact_registry_repository_iam_member" "build" {
  repository = google_artifact_registry_repository.functions.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.service["build"].member
}

resource "google_project_iam_member" "build_source" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.service["build"].member

  condition {
    title      = "functions-source-only"
    expression = "resource.name.startsWith(\"${local._built_sources}\")"
  }
}

# Google's agents (agents.tf) act as ours: Pub/Sub to sign its calls, the scheduled query to run.

resource "google_service_account_iam_member" "push_agent" {
  service_account_id = google_service_account.service["push"].name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent
}

resource "google_service_account_iam_member" "transfer_agent" {
  service_account_id = google_service_account.service["marts"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.transfer_agent
}
