# Google's own agents, which act in the project for its services. Google makes each when its service is
# first used, and an agent that is not there yet cannot be granted anything: so they are asked for.

locals {
  agents = toset(["bigquerydatatransfer", "iap", "pubsub"])

  pubsub_agent   = google_project_service_identity.agent["pubsub"].member
  transfer_agent = google_project_service_identity.agent["bigquerydatatransfer"].member
  proxy_agent    = google_project_service_identity.agent["iap"].member
}

resource "google_project_service_identity" "agent" {
  provider = google-beta
  for_each = local.agents

  service = "${each.key}.googleapis.com"

  depends_on = [google_project_service.api]
}
