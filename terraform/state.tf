# State: Firestore, as documents with compare-and-set. A project has one database of this name, so an
# environment is a project of its own. What may expire has a time: docs/decisions says what and why.

locals {
  # Collections whose documents have the field delete_after.
  expiring = toset(["locks"])

  _indexes = {
    for index in jsondecode(file("${path.module}/firestore_indexes.json")) :
    "${index.collection}:${join(",", index.fields[*].field)}" => index
  }
}

resource "google_firestore_database" "state" {
  name        = "(default)"
  location_id = var.region
  type        = "FIRESTORE_NATIVE"

  delete_protection_state           = local.is_prod ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = local.is_prod ? "ABANDON" : "DELETE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_DISABLED" # it would keep the forgotten

  depends_on = [google_project_service.api]
}

resource "google_firestore_index" "index" {
  for_each = local._indexes

  database   = google_firestore_database.state.name
  collection = each.value.collection

  dynamic "fields" {
    for_each = each.value.fields

    content {
      field_path = fields.value.field
      order      = fields.value.order
    }
  }
}

resource "google_firestore_field" "delete_after" {
  for_each = local.expiring

  database   = google_firestore_database.state.name
  collection = each.key
  field      = "delete_after"

  ttl_config {}

  # Nobody asks by it, and an index of times that only grow would be one hot spot.
  index_config {}
}
