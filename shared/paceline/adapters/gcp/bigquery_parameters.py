"""Named parameters of a query, typed as BigQuery wants to be told."""

from datetime import date, datetime
from typing import Any

from google.cloud import bigquery

_SCALARS: tuple[tuple[type, str], ...] = (
    (bool, "BOOL"),  # before int: True is one
    (int, "INT64"),
    (float, "FLOAT64"),
    (datetime, "TIMESTAMP"),  # before date, likewise
    (date, "DATE"),
    (str, "STRING"),
)


def parameter(
    name: str, value: Any
) -> bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter:
    if isinstance(value, list | tuple):
        kinds = {_type(item) for item in value}
        return bigquery.ArrayQueryParameter(name, kinds.pop() if kinds else "STRING", list(value))
    return bigquery.ScalarQueryParameter(name, _type(value), value)


def _type(value: Any) -> str:
    if isinstance(value, datetime) and value.tzinfo is None:
        return "DATETIME"
    return next((name for kind, name in _SCALARS if isinstance(value, kind)), "STRING")
