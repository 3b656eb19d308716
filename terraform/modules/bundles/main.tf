# What lies in each function's zip: a map from the name there to the file here. No provider is used,
# so a test evaluates these very lines and composes the zips as Terraform does.
#
# bundles.json is written by `make lock`: for each step the modules that it can import, and no more.
# So a change in the library redeploys just the functions that ship it.

locals {
  _shipped = jsondecode(file("${var.root}/terraform/bundles.json"))

  files = {
    for step, paths in local._shipped : step => merge(
      { for path in paths : trimprefix(path, "shared/") => "${var.root}/${path}" },
      {
        "main.py"          = "${var.root}/functions/${step}/main.py"
        "requirements.txt" = "${var.root}/functions/${step}/requirements.txt"
      },
    )
  }
}
