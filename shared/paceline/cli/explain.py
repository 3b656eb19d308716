"""`paceline explain`: where a number of a mart comes from.

Of a laptop it asks the warehouse, or the published marts where a running service has it; of Google
Cloud it asks BigQuery.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from paceline.errors import SettingsInvalid
from paceline.runtime import current
from paceline.warehouse.explain import explain as trace
from paceline.warehouse.explain import find_column, find_mart, parse_key
from paceline.warehouse.explained import Explained
from paceline.warehouse.tables import load_tables

_IN_DICTIONARY = "docs/dictionary.md describes every table."


def explain(arguments: argparse.Namespace) -> int:
    runtime = current()
    tables = load_tables(runtime.sql_root)
    mart = find_mart(arguments.mart, tables)
    key = parse_key(arguments.key, mart)
    if arguments.athlete:
        key["athlete_id"] = str(arguments.athlete)
    column = find_column(arguments.column, mart) if arguments.column else None
    with runtime.whole_reader() as (reader, layers):
        found = trace(mart, key, tables, layers, reader, column)
    if not found:
        told = ", ".join(f"{name} {value}" for name, value in key.items()) or "at all"
        raise SettingsInvalid(f"{mart.name} has no row with {told}. {_IN_DICTIONARY}")
    report = [_report(each) for each in found]
    if arguments.json:
        print(json.dumps(report, indent=2, default=str))
    else:
        print("\n\n".join("\n".join(_page(each)) for each in report))
    return 0


def _report(found: Explained) -> dict[str, Any]:
    return {
        "mart": found.mart.name,
        "grain": found.mart.grain,
        "key": {name: found.row[name] for name in found.mart.key},
        "values": found.values,
        "span": vars(found.span) if found.span else None,
        "inputs": [vars(each) for each in found.inputs],
        "settings": found.settings,
        "activities": found.activities,
        "payloads": found.payloads,
        "unread": sorted(found.unread),
    }


def _page(report: Mapping[str, Any]) -> Iterator[str]:
    yield f"{report['mart']}: {report['grain']}"
    yield "  " + _pairs(report["key"])
    for each in report["values"]:
        told = each["formula"] or each["description"]
        yield f"  {each['column']} = {each['value']}\n      {told}"
    if span := report["span"]:
        days = f"{span['days']} days, {span['first']} to {span['last']}"
        yield f"running over {days}: {span['activities']} activities, load {span['load']:g}"
    for each in report["inputs"]:
        yield f"from {each['table']}: {each['count']} rows, read by {each['read_by']}"
        yield from (f"  {_pairs(row, of=report)}" for row in each["rows"])
        yield from _more(each["count"], len(each["rows"]), "rows")
    if report["settings"]:
        yield "with the settings of its days"
    for row in report["settings"]:
        until = f" until {row['valid_until']}" if row["valid_until"] else ""
        since = f"from {row['valid_from']}{until}, by {row['source']}"
        yield f"  {row['name']} = {row['value']:g} {since}"
    yield from _payloads(report)
    if report["unread"]:
        yield f"not read, because the running service has it: {', '.join(report['unread'])};"
        yield "  stop paceline up to see that too"


def _payloads(report: Mapping[str, Any]) -> Iterator[str]:
    if report["payloads"]:
        yield f"from the payloads of {report['activities']} activities"
    for row in report["payloads"]:
        of = f"{row['of']} {row['activity_id']}" if row["of"] != "settings" else row["of"]
        yield f"  {of} version {row['version']}: {row['bronze_uri'] or 'not in bronze'}"
    listed = {row["activity_id"] for row in report["payloads"]}
    yield from _more(report["activities"], len(listed), "activities, which are older")


def _more(count: int, listed: int, what: str) -> Iterator[str]:
    if 0 < listed < count:
        yield f"  and {count - listed} more {what}"


def _pairs(row: Mapping[str, Any], of: Mapping[str, Any] | None = None) -> str:
    """What names a row, and what the number may be made of: the columns that both have."""
    shown = {value["column"] for value in of["values"]} if of else set(row)
    names = {"activity_id", "local_date", "sport_type", *(of["key"] if of else ())}
    return ", ".join(
        f"{name} {value}"
        for name, value in row.items()
        if value is not None and (name in shown or name in names)
    )
