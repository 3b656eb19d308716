# Who may deploy, planned by a provider that only pretends: `terraform test`.

mock_provider "google" {
  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }
}

variables {
  environment   = "dev"
  project       = "some-project"
  repository    = "owner/paceline"
  repository_id = "42"
}

run "github_is_believed_for_one_repository" {
  command = plan

  assert {
    condition     = google_iam_workload_identity_pool_provider.github.attribute_condition == "(assertion.sub == 'repo:owner/paceline:ref:refs/heads/main' || assertion.sub == 'repo:owner/paceline:pull_request') && assertion.repository_id == '42'"
    error_message = "Somebody else's word is taken too."
  }

  assert {
    condition     = google_service_account_iam_member.from_github["deploy"].member == "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/paceline-dev-github/subject/repo:owner/paceline:ref:refs/heads/main"
    error_message = "Another branch may deploy."
  }

  assert {
    condition     = google_service_account_iam_member.from_github["plan"].member == "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/paceline-dev-github/subject/repo:owner/paceline:pull_request"
    error_message = "Somebody else may plan."
  }

  assert {
    condition     = google_project_iam_member.grants.condition[0].expression == "api.getAttribute(\"iam.googleapis.com/modifiedGrantsByRole\", []).hasOnly([\"roles/bigquery.jobUser\",\"roles/datastore.user\",\"roles/logging.logWriter\",\"roles/storage.objectViewer\"])"
    error_message = "The deployment may grant more than it needs to."
  }
}

run "what_cannot_be_meant" {
  command = plan

  variables {
    repository    = "paceline"
    repository_id = "owner/paceline"
  }

  expect_failures = [var.repository, var.repository_id]
}
