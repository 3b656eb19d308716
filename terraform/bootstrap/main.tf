# What must be there before the first deployment, made once for a project by somebody who owns it:
# the bucket of the state, the APIs that Terraform itself needs, and who deploys from GitHub. It is
# apart from the rest, for a pipeline that could widen its own rights would have every right.
#
#   gcloud services enable cloudresourcemanager.googleapis.com serviceusage.googleapis.com --project=...
#   terraform -chdir=terraform/bootstrap init
#   terraform -chdir=terraform/bootstrap apply -var project=... -var environment=dev -var repository=owner/name -var repository_id=...
#
# Its own state is small and can be rebuilt by import; keep it, or lose it knowingly.

terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region

  default_labels = {
    app = "paceline"
    env = var.environment
  }
}

module "environment" {
  source = "../modules/environment"

  environment = var.environment
  project     = var.project
}

locals {
  prefix = module.environment.prefix
  apis = toset([
    "cloudresourcemanager",
    "iam",
    "iamcredentials",
    "serviceusage",
    "storage",
    "sts",
  ])
}

resource "google_project_service" "api" {
  for_each = local.apis

  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_storage_bucket" "state" {
  #checkov:skip=CKV_GCP_62:who read the state is in the project's audit log, where it is switched on
  name     = "${var.project}-paceline-state"
  location = var.region

  public_access_prevention    = "enforced"
  uniform_bucket_level_access = true

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      num_newer_versions = 50
    }
  }

  lifecycle {
    prevent_destroy = true
  }

  labels = {
    component = "state"
  }
}
