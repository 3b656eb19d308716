# Which installation this is: its names, and a guard. A state belongs to the environment and project
# it was first applied for; a plan for any other is refused before it could replace everything.

locals {
  _named = "${var.project}/${var.environment}"
}

resource "terraform_data" "first_applied_for" {
  input = local._named

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output == local._named
      error_message = "This state is of ${self.output}, not of ${local._named}: run make deploy with the ENV and PROJECT you mean."
    }
  }
}
