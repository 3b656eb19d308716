output "email" {
  description = "The e-mail address of the identity that it runs as."
  value       = google_service_account.identity.email
}

output "member" {
  description = "The identity that it runs as, for a grant."
  value       = google_service_account.identity.member
}

output "service" {
  description = "The name of the Cloud Run service underneath."
  value       = google_cloudfunctions2_function.step.name
}

output "url" {
  description = "Where it is called."
  value       = google_cloudfunctions2_function.step.service_config[0].uri
}
