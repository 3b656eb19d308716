terraform {
  required_version = ">= 1.11"

  # The bucket and the prefix come from environments/<environment>.gcs.tfbackend and the command.
  backend "gcs" {}

  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 7.0"
    }
    time = {
      source  = "hashicorp/time"
      version = "~> 0.12"
    }
  }
}

# Every resource that takes labels adds a third, its component.
provider "google" {
  project = var.project
  region  = var.region

  # A budget belongs to the billing account: its API wants to know which project asks.
  billing_project       = var.project
  user_project_override = true

  default_labels = {
    app = "paceline"
    env = var.environment
  }
}

# For agents.tf alone: only there can Google's agents be asked for.
provider "google-beta" {
  project = var.project
  region  = var.region
}

data "google_project" "this" {
  project_id = var.project
}

locals {
  prefix         = module.environment.prefix
  dataset_prefix = module.environment.dataset_prefix
  is_prod        = var.environment == "prod"
}

module "environment" {
  source = "./modules/environment"

  environment = var.environment
  project     = var.project
}
