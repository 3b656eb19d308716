# The zips of the functions, composed here: nothing is copied in the tree, and no script runs first.
# An object's name carries the hash of its content, so changed source is a changed plan.

module "bundles" {
  source = "./modules/bundles"

  root = "${path.module}/.."
}

data "archive_file" "bundle" {
  for_each = module.bundles.files

  type        = "zip"
  output_path = "${path.module}/.build/${each.key}.zip"

  dynamic "source" {
    for_each = each.value

    content {
      filename = source.key
      content  = file(source.value)
    }
  }
}

resource "google_storage_bucket" "source" {
  #checkov:skip=CKV_GCP_62:who reads the source of an open project is not worth a log
  #checkov:skip=CKV_GCP_78:an object's name carries its hash, so no object is ever written over
  name     = "${var.project}-${local.prefix}-source"
  location = var.region

  force_destroy               = true
  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  labels = {
    component = "build"
  }
}

resource "google_storage_bucket_object" "bundle" {
  for_each = data.archive_file.bundle

  name   = "${each.key}-${each.value.output_sha256}.zip"
  bucket = google_storage_bucket.source.name
  source = each.value.output_path
}

# Where the built images go, so that the builder needs no right on anybody else's.
resource "google_artifact_registry_repository" "functions" {
  #checkov:skip=CKV_GCP_84:images of open source hold nothing that a key of our own would protect
  repository_id = "${local.prefix}-functions"
  location      = var.region
  format        = "DOCKER"
  description   = "Images that Cloud Build makes of the functions."

  cleanup_policies {
    id     = "keep-the-last"
    action = "KEEP"

    most_recent_versions {
      keep_count = 3
    }
  }

  cleanup_policies {
    id     = "drop-the-others"
    action = "DELETE"

    condition {
      older_than = "2592000s"
    }
  }

  labels = {
    component = "build"
  }

  depends_on = [google_project_service.api]
}
