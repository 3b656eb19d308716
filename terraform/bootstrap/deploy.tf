# Who deploys: GitHub says which repository and which branch a job runs for, Google believes that for
# one repository, and no key exists. A pull request may plan; only the main branch may apply.

locals {
  _pool = "projects/${data.google_project.this.number}/locations/global/workloadIdentityPools/${google_iam_workload_identity_pool.github.workload_identity_pool_id}"

  identities = {
    plan = {
      says  = "Plans on a pull request: reads, and changes nothing"
      who   = "principal://iam.googleapis.com/${local._pool}/subject/repo:${var.repository}:pull_request"
      roles = local._reads
    }
    deploy = {
      says  = "Applies on the main branch"
      who   = "principal://iam.googleapis.com/${local._pool}/subject/repo:${var.repository}:ref:refs/heads/main"
      roles = local._administers
    }
  }

  # None of these reads what is stored: neither a secret's value nor bronze nor a table.
  _reads = toset([
    "roles/artifactregistry.reader",
    "roles/bigquery.metadataViewer",
    "roles/cloudfunctions.viewer",
    "roles/cloudscheduler.viewer",
    "roles/iam.securityReviewer",
    "roles/iam.serviceAccountViewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/run.viewer",
    "roles/secretmanager.viewer",
    "roles/serviceusage.serviceUsageConsumer",
  ])

  _administers = toset([
    "roles/artifactregistry.admin",
    "roles/bigquery.admin",
    "roles/cloudfunctions.admin",
    "roles/cloudscheduler.admin",
    "roles/datastore.owner",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/iap.admin",
    "roles/logging.configWriter",
    "roles/monitoring.editor",
    "roles/pubsub.admin",
    "roles/run.admin",
    "roles/secretmanager.admin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
  ])

  # What the deployment grants on the project itself, and therefore all that it may grant there.
  grantable = [
    "roles/bigquery.jobUser",
    "roles/datastore.user",
    "roles/logging.logWriter",
    "roles/storage.objectViewer",
  ]

  _grants = merge([
    for name, each in local.identities : { for role in each.roles : "${name}:${role}" => { name = name, role = role } }
  ]...)
}

data "google_project" "this" {
  project_id = var.project
}

resource "google_iam_workload_identity_pool" "github" {
  workload_identity_pool_id = "${local.prefix}-github"
  display_name              = "GitHub"

  depends_on = [google_project_service.api]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:it does name the repository and the ref, by a variable that checkov cannot follow
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = var.repository

  # The number too, for a name can be given up and taken by somebody else.
  attribute_condition = "(assertion.sub == 'repo:${var.repository}:ref:refs/heads/main' || assertion.sub == 'repo:${var.repository}:pull_request') && assertion.repository_id == '${var.repository_id}'"

  attribute_mapping = {
    "google.subject" = "assertion.sub"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "identity" {
  for_each = local.identities

  account_id   = "${local.prefix}-${each.key}"
  display_name = each.value.says

  depends_on = [google_project_service.api]
}

resource "google_service_account_iam_member" "from_github" {
  for_each = local.identities

  service_account_id = google_service_account.identity[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = each.value.who
}

resource "google_project_iam_member" "may" {
  for_each = local._grants

  project = var.project
  role    = each.value.role
  member  = google_service_account.identity[each.value.name].member
}

resource "google_project_iam_member" "grants" {
  project = var.project
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = google_service_account.identity["deploy"].member

  condition {
    title      = "only-what-the-functions-need"
    expression = "api.getAttribute(\"iam.googleapis.com/modifiedGrantsByRole\", []).hasOnly(${jsonencode(local.grantable)})"
  }
}

# What a plan reads, and no role has without the data beside it.
resource "google_project_iam_custom_role" "plan" {
  role_id = "paceline_${var.environment}_plan"
  title   = "Plans Paceline"

  permissions = [
    "bigquery.transfers.get",
    "datastore.databases.getMetadata",
    "datastore.indexes.get",
    "datastore.indexes.list",
    "logging.logMetrics.get",
    "logging.logMetrics.list",
    "storage.buckets.get",
  ]

  depends_on = [google_project_service.api]
}

resource "google_project_iam_member" "plan" {
  project = var.project
  role    = google_project_iam_custom_role.plan.name
  member  = google_service_account.identity["plan"].member
}

resource "google_project_iam_member" "plan_source" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.identity["plan"].member

  condition {
    title      = "functions-source-only"
    expression = "resource.name.startsWith(\"projects/_/buckets/${var.project}-${local.prefix}-source/\")"
  }
}

resource "google_storage_bucket_iam_member" "state" {
  for_each = {
    deploy = "roles/storage.objectUser"
    plan   = "roles/storage.objectViewer"
  }

  bucket = google_storage_bucket.state.name
  role   = each.value
  member = google_service_account.identity[each.key].member
}
