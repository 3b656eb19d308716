output "bronze_bucket" {
  description = "The name of the bucket that holds bronze."
  value       = google_storage_bucket.bronze.name
}

output "topics" {
  description = "The topics of the bus, by what travels on them."
  value       = { for key, topic in google_pubsub_topic.topic : key => topic.id }
}
