output "dataset_prefix" {
  description = "What the names of datasets begin with: BigQuery takes no dash."
  value       = "paceline_${var.environment}_"
}

output "prefix" {
  description = "What the name of everything else begins with."
  value       = "paceline-${var.environment}"
}
