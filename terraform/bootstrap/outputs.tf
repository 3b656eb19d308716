output "identities" {
  description = "Who plans and who applies: variables of the repository, for .github/workflows/deploy.yml."
  value       = { for name, identity in google_service_account.identity : name => identity.email }
}

output "state_bucket" {
  description = "Where the state goes."
  value       = google_storage_bucket.state.name
}

output "workload_identity_provider" {
  description = "Where GitHub's word is taken: a variable of the repository."
  value       = google_iam_workload_identity_pool_provider.github.name
}
