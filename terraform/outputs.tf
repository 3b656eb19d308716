output "bronze_bucket" {
  description = "The name of the bucket that holds bronze."
  value       = google_storage_bucket.bronze.name
}

output "connect_url" {
  description = "Where an athlete begins; also the callback domain to enter at strava.com/settings/api."
  value       = "${local.public_url}/connect_athlete/start"
}

output "dashboard_url" {
  description = "Where the dashboard is, if there is one."
  value       = one([for service in google_cloud_run_v2_service.dashboard : service.uri])
}

output "datasets" {
  description = "The datasets, by layer."
  value       = { for layer, dataset in google_bigquery_dataset.layer : layer => dataset.dataset_id }
}

output "secrets" {
  description = "The secrets that an operator fills."
  value       = { for name, secret in google_secret_manager_secret.secret : name => secret.secret_id }
}

output "settings" {
  description = "What the command `paceline` needs on an operator's machine, as lines for a shell."
  value       = join("\n", [for name, value in local.settings : "export ${name}=${value}"])
}

output "topics" {
  description = "The topics of the bus, by what travels on them."
  value       = { for name, topic in google_pubsub_topic.topic : name => topic.id }
}

output "webhook_url" {
  description = "What Strava calls, but for the secret at its end."
  value       = module.function["receive_webhook"].url
}
