"""The tables as `sql/<layer>/<table>/` describes them. Imports neither DuckDB nor sqlglot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import yaml

from paceline.errors import PacelineError
from paceline.warehouse.column_types import ColumnType, parse_type

if TYPE_CHECKING:
    import pyarrow as pa

# landing: callers append; temp: keys of one run; table, view: built from query.sql;
# state: written by the script itself.
Kind = Literal["landing", "temp", "table", "view", "state"]
_BUILT = ("temp", "table", "view")
_KEYS = {
    "description",
    "grain",
    "kind",
    "key",
    "rebuilt_by",
    "references",
    "reads_before",
    "kept_in",
    "partition_by",
    "cluster_by",
    "columns",
}
_OPTIONAL = "required, formula and range"
_COLUMN_KEYS = {"type", "description", "required", "formula", "range"}
INGESTED_AT = "ingested_at"
PARTITION_TYPES = ("INT64", "TIMESTAMP")  # by ranges of ids, by day
# The same loader in C, ten times as fast, where PyYAML was built with it.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TableInvalid(PacelineError):
    """A file under sql/ does not describe a table as the compiler needs it."""


@dataclass(frozen=True)
class Column:
    name: str
    type: ColumnType
    required: bool
    description: str
    formula: str | None = None  # where the description alone does not say how it is computed
    range: tuple[float | None, float | None] | None = None  # what there can be, ends included


@dataclass(frozen=True)
class Table:
    """One table: what metadata.yaml says, and the text of query.sql and checks.sql."""

    name: str  # layer.table
    description: str
    grain: str
    kind: Kind
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    rebuilt_by: str | None = None
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reads_before: tuple[str, ...] = ()
    kept_in: str | None = None
    # How BigQuery lays it out; DuckDB has no use for it.
    partition_by: str | None = None
    cluster_by: tuple[str, ...] = ()
    query: str | None = None
    checks: str | None = None
    geography: str | None = None  # a view over it for BigQuery alone: <name>_geography

    @property
    def layer(self) -> str:
        return self.name.partition(".")[0]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def required_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)

    @property
    def has_arrays(self) -> bool:
        return any(column.type.element for column in self.columns)

    @property
    def appended_columns(self) -> tuple[Column, ...]:
        """What a caller's rows carry: the warehouse itself stamps landing rows on arrival."""
        if self.kind != "landing":
            return self.columns
        return tuple(column for column in self.columns if column.name != INGESTED_AT)

    def arrow_schema(self) -> "pa.Schema":
        """The schema of rows to append; for a landing table without `ingested_at`."""
        import pyarrow as pa  # noqa: PLC0415 - only who builds rows pays for the import

        return pa.schema(
            [
                pa.field(column.name, column.type.arrow(), nullable=not column.required)
                for column in self.appended_columns
            ]
        )


def load_tables(sql_root: Path) -> dict[str, Table]:
    """Every table under `sql_root`, by its name `layer.table`. Raises TableInvalid."""
    files = sorted(sql_root.glob("*/*/metadata.yaml"))
    if not files:
        raise TableInvalid(f"there is no table under {sql_root}: is this the folder sql/?")
    tables = [_load(path) for path in files]
    return {table.name: table for table in tables}


def _load(path: Path) -> Table:
    try:
        data = yaml.load(path.read_text(), Loader=_LOADER)  # noqa: S506 - either one is safe
        return _table(path.parent, data)
    except (yaml.YAMLError, ValueError) as problem:
        raise TableInvalid(f"{path}: {problem}") from problem


def _table(folder: Path, data: Any) -> Table:
    if not isinstance(data, dict):
        raise ValueError("must be a mapping with description, grain, kind and columns")  # noqa: TRY004 - _load names the file for a ValueError
    if unknown := data.keys() - _KEYS:
        raise ValueError(f"unknown key {min(unknown)!r}; there are {sorted(_KEYS)}")
    table = Table(
        name=f"{folder.parent.name}.{folder.name}",
        description=_text(data, "description"),
        grain=_text(data, "grain"),
        kind=_kind(data),
        columns=_columns(data.get("columns")),
        key=_names(data, "key"),
        rebuilt_by=data.get("rebuilt_by"),
        references={name: tuple(key) for name, key in data.get("references", {}).items()},
        reads_before=_names(data, "reads_before"),
        kept_in=data.get("kept_in"),
        partition_by=data.get("partition_by"),
        cluster_by=_names(data, "cluster_by"),
        query=_read(folder / "query.sql"),
        checks=_read(folder / "checks.sql"),
        geography=_read(folder / "geography.sql"),
    )
    _validate(table)
    return table


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} must say something, found {value!r}")
    return value


def _kind(data: Mapping[str, Any]) -> Kind:
    kind = data.get("kind")
    for known in get_args(Kind):
        if kind == known:
            return known  # type: ignore[no-any-return]  # get_args has no types
    raise ValueError(f"kind is {kind!r}; there are {', '.join(get_args(Kind))}")


def _names(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = data.get(key, [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"{key} must be a list of names, found {value!r}")
    return tuple(value)


def _columns(data: Any) -> tuple[Column, ...]:
    if not isinstance(data, dict) or not data:
        raise ValueError("columns must be a mapping from a column's name to what it is")
    return tuple(_column(name, column) for name, column in data.items())


def _column(name: str, data: Any) -> Column:
    if not isinstance(data, dict) or data.keys() - _COLUMN_KEYS:
        raise ValueError(f"columns.{name} must have type, description and at most {_OPTIONAL}")
    try:
        return Column(
            name=name,
            type=parse_type(_text(data, "type")),
            required=bool(data.get("required", False)),
            description=_text(data, "description"),
            formula=_text(data, "formula") if "formula" in data else None,
            range=_range(data["range"]) if "range" in data else None,
        )
    except ValueError as problem:
        raise ValueError(f"columns.{name}: {problem}") from problem


def _range(ends: Any) -> tuple[float | None, float | None]:
    if (
        not isinstance(ends, list)
        or len(ends) != 2  # noqa: PLR2004 - a range has two ends
        or not all(end is None or isinstance(end, (int, float)) for end in ends)
        or ends == [None, None]
    ):
        raise ValueError(f"range must be [low, high], either of them null, found {ends!r}")
    return ends[0], ends[1]


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _refuse_unknown_columns(table: Table) -> None:
    partition_by = (table.partition_by,) if table.partition_by else ()
    named = {"key": table.key, "partition_by": partition_by, "cluster_by": table.cluster_by}
    for key, names in named.items():
        if unknown := [name for name in names if name not in table.column_names]:
            raise ValueError(f"{key} names {unknown[0]!r}, which is not a column")
    if any(named[key] for key in ("partition_by", "cluster_by")) and table.kind in {"temp", "view"}:
        raise ValueError(
            f"partition_by and cluster_by are of what is stored, not of a {table.kind}"
        )
    type_of = {column.name: column.type.name for column in table.columns}
    if partition_by and type_of[partition_by[0]] not in PARTITION_TYPES:
        raise ValueError(f"partition_by needs one of {', '.join(PARTITION_TYPES)}")


def _validate(table: Table) -> None:
    if not table.grain.startswith("one row"):
        raise ValueError(f"grain must begin with 'one row', found {table.grain!r}")
    _refuse_unknown_columns(table)
    if (table.kind in _BUILT) != (table.query is not None):
        wants = "needs a query.sql beside it" if table.kind in _BUILT else "has no query.sql"
        raise ValueError(f"kind {table.kind} {wants}")
    if (table.kind == "table") != (table.rebuilt_by is not None):
        raise ValueError("rebuilt_by names a touched table, for kind table and no other")
    if table.kind == "table" and not table.key:
        raise ValueError("key is missing: what makes a row the only one of its kind?")
    if bool(table.reads_before) != (table.kept_in is not None):
        raise ValueError(
            "reads_before and kept_in go together: what is read before it is rebuilt cannot be"
            " read again after a run was stopped half way, so the keys must be kept"
        )
