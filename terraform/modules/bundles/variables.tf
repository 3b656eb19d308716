variable "root" {
  description = "The folder of the repository."
  type        = string
}
