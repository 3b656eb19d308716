# The warehouse: a dataset a layer, its tables, and who reads and writes which. Rights on datasets
# are google_bigquery_dataset_access throughout: the _iam_ resources would undo authorised datasets.

locals {
  layers = {
    landing = "Every version of every row, appended and never changed."
    silver  = "The latest version of everything, typed."
    marts   = "What dashboards read."
    ops     = "What the script and the functions say of themselves."
    strava  = "Views under names that others know."
  }
}

resource "google_bigquery_dataset" "layer" {
  #checkov:skip=CKV_GCP_81:Google's own keys encrypt it at rest
  for_each = local.layers

  dataset_id                 = "${local.dataset_prefix}${each.key}"
  description                = each.value
  location                   = var.region
  delete_contents_on_destroy = !local.is_prod
  max_time_travel_hours      = "48" # what was erased can be seen for so long, and no longer

  labels = {
    component = "warehouse"
  }

  depends_on = [google_project_service.api]
}

locals {
  # Written from sql/ by `python -m paceline.warehouse`: every table with its columns. The script of
  # the scheduled query makes the views, each when what it reads is there.
  _tables = jsondecode(file("${path.module}/tables.json"))

  # For each layer, the other layers that its views read.
  views_read = {
    marts  = ["ops", "silver"]
    ops    = ["landing"]
    silver = ["landing"]
    strava = ["silver"]
  }
}

resource "google_bigquery_table" "table" {
  #checkov:skip=CKV_GCP_80:Google's own keys encrypt it at rest
  #checkov:skip=CKV_GCP_121:protected in prod; what is in dev may go with it
  for_each = local._tables

  dataset_id          = google_bigquery_dataset.layer[each.value.layer].dataset_id
  table_id            = each.value.table
  description         = each.value.description
  schema              = jsonencode(each.value.schema)
  clustering          = length(each.value.clustering) > 0 ? each.value.clustering : null
  deletion_protection = local.is_prod

  dynamic "time_partitioning" {
    for_each = each.value.time_partitioning[*]

    content {
      type  = time_partitioning.value.type
      field = time_partitioning.value.field
    }
  }

  dynamic "range_partitioning" {
    for_each = each.value.range_partitioning[*]

    content {
      field = range_partitioning.value.field

      range {
        start    = range_partitioning.value.start
        end      = range_partitioning.value.end
        interval = range_partitioning.value.interval
      }
    }
  }

  dynamic "table_constraints" {
    for_each = length(each.value.primary_key) > 0 ? [each.value.primary_key] : []

    content {
      primary_key {
        columns = table_constraints.value
      }
    }
  }

  labels = {
    component = "warehouse"
  }
}

# Rights. Landing takes rows from the one function that loads, and so do those tables of ops that
# take rows.

resource "google_bigquery_dataset_access" "appends" {
  for_each = local.may["append_rows"]

  dataset_id    = google_bigquery_dataset.layer["landing"].dataset_id
  role          = "roles/bigquery.dataEditor"
  user_by_email = module.function[each.key].email
}

resource "google_bigquery_table_iam_member" "appends" {
  for_each = {
    for pair in setproduct(local.may["append_rows"], [for table in local._tables : table.table if table.layer == "ops" && table.kind == "landing"]) :
    join(":", pair) => { step = pair[0], table = pair[1] }
  }

  dataset_id = google_bigquery_dataset.layer["ops"].dataset_id
  table_id   = google_bigquery_table.table["ops.${each.value.table}"].table_id
  role       = "roles/bigquery.dataEditor"
  member     = module.function[each.value.step].member
}

# The script reads landing and writes all that is built from it.

resource "google_bigquery_dataset_access" "marts_reads" {
  dataset_id    = google_bigquery_dataset.layer["landing"].dataset_id
  role          = "roles/bigquery.dataViewer"
  user_by_email = google_service_account.service["marts"].email
}

resource "google_bigquery_dataset_access" "marts_writes" {
  for_each = toset(["marts", "ops", "silver", "strava"])

  dataset_id    = google_bigquery_dataset.layer[each.key].dataset_id
  role          = "roles/bigquery.dataEditor"
  user_by_email = google_service_account.service["marts"].email
}

# Whoever looks sees marts alone: a view there may read beneath, the reader may not.

resource "google_bigquery_dataset_access" "dashboard" {
  dataset_id    = google_bigquery_dataset.layer["marts"].dataset_id
  role          = "roles/bigquery.dataViewer"
  user_by_email = google_service_account.service["dashboard"].email
}

resource "google_bigquery_dataset_access" "bi_readers" {
  for_each = var.bi_readers

  dataset_id     = google_bigquery_dataset.layer["marts"].dataset_id
  role           = "roles/bigquery.dataViewer"
  group_by_email = startswith(each.key, "group:") ? trimprefix(each.key, "group:") : null
  user_by_email  = startswith(each.key, "group:") ? null : split(":", each.key)[1]
}

resource "google_bigquery_dataset_access" "views_of" {
  for_each = {
    for pair in flatten([for views, read in local.views_read : [for of in read : { views = views, of = of }]]) :
    "${pair.views}-of-${pair.of}" => pair
  }

  dataset_id = google_bigquery_dataset.layer[each.value.of].dataset_id

  dataset {
    target_types = ["VIEWS"]

    dataset {
      project_id = var.project
      dataset_id = google_bigquery_dataset.layer[each.value.views].dataset_id
    }
  }
}
