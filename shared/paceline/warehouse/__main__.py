"""`python -m paceline.warehouse` prints the script for BigQuery's scheduled query."""

import argparse
import json
import sys
from pathlib import Path

from paceline.warehouse.bigquery import render_script, render_template
from paceline.warehouse.bigquery_tables import render_tables, table_schemas
from paceline.warehouse.dictionary import render_dictionary
from paceline.warehouse.plan import compile_plan
from paceline.warehouse.tables import load_tables

_SQL_ROOT = Path(__file__).resolve().parents[3] / "sql"


def main(arguments: list[str]) -> str:
    parser = argparse.ArgumentParser(prog="python -m paceline.warehouse", description=__doc__)
    parser.add_argument("--sql", type=Path, default=_SQL_ROOT, help="the folder of the tables")
    parser.add_argument("--prefix", default="paceline_", help="what dataset names begin with")
    parser.add_argument("--full", action="store_true", help="rebuild every table from landing")
    parser.add_argument("--template", action="store_true", help="print it as Terraform's template")
    parser.add_argument("--schemas", action="store_true", help="print what Terraform creates")
    parser.add_argument("--tables", action="store_true", help="print the DDL of the tables instead")
    parser.add_argument("--dictionary", action="store_true", help="print the data dictionary")
    options = parser.parse_args(arguments)
    tables = load_tables(options.sql)
    if options.dictionary:
        return render_dictionary(tables) + "\n"
    if options.schemas:
        return json.dumps(table_schemas(tables), indent=1) + "\n"
    if options.template:
        return render_template(compile_plan(tables), full=options.full)
    if options.tables:
        return "\n\n".join(render_tables(tables, prefix=options.prefix)) + "\n"
    return render_script(compile_plan(tables), prefix=options.prefix, full=options.full)


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))
