output "files" {
  description = "For each step, the files of its zip: their names there, and where they are."
  value       = local.files
}
