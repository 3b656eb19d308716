"""Google's own parser, analyser and reference evaluator of GoogleSQL, behind one small module."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import wasmtime
from zetasql import types as proto
from zetasql.core import wasm_client
from zetasql.core.exceptions import ZetaSQLError
from zetasql.core.local_service import ZetaSqlLocalService

from paceline.warehouse.column_types import ColumnType, parse_type
from paceline.warehouse.tables import Table


class CachedConfig(wasmtime.Config):
    """Compiling the engine takes 20 seconds; wasmtime keeps the result when it is asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.cache = True


wasm_client.Config = CachedConfig

from zetasql.api import (  # noqa: E402 - the engine must find the configuration above
    CatalogBuilder,
    ConstantBuilder,
    Parser,
    PreparedQuery,
    TableBuilder,
    TypeFactory,
)

_NO_SQL = (
    "ASTRaise",
    "ASTBeginStatement",
    "ASTCommitStatement",
    "ASTRollbackStatement",
    "ASTReturnStatement",
)


class GoogleRefuses(Exception):
    """The statement is not valid GoogleSQL over these tables."""


def pieces_of_script(script: str) -> Iterator[str]:
    """Parse a whole script; give its statements, and each expression in between as a SELECT."""
    text = script.encode()

    def cut(node: Any) -> str:
        return text[node.parse_location_range.start : node.parse_location_range.end].decode()

    for node in Parser.parse_script_static(script, _language()).statement_list_node.statement_list:
        yield from _pieces(node, cut)


def _pieces(node: Any, cut: Callable[[Any], str]) -> Iterator[str]:
    if expression := _expression(node):
        yield f"SELECT {cut(expression)}"
    for block in _blocks(node):
        for statement in block.statement_list:
            yield from _pieces(statement, cut)
    name = type(node).__name__
    if not _blocks(node) and not _expression(node) and not name.startswith(_NO_SQL):
        yield cut(node)


def _expression(node: Any) -> Any:
    fields = {
        "ASTIfStatement": "condition",
        "ASTSingleAssignment": "expression",
        "ASTVariableDeclaration": "default_value",
        "ASTRaiseStatement": "message",
    }
    return getattr(node, fields.get(type(node).__name__, ""), None)


def _blocks(node: Any) -> list[Any]:
    match type(node).__name__:
        case "ASTIfStatement":
            blocks = [node.then_list, node.else_list]
        case "ASTBeginEndBlock":
            handlers = node.handler_list.exception_handler_list if node.handler_list else []
            blocks = [node.statement_list_node, *(handler.statement_list for handler in handlers)]
        case "ASTVariableDeclaration":
            blocks = [proto.ASTStatementList(statement_list=[])]
        case _:
            blocks = []
    return [block for block in blocks if block]


class Analyser:
    """Refuses what is not valid over tables that are named `dataset.table` or `table`."""

    def __init__(
        self, tables: Mapping[str, Table], variables: Mapping[str, str] | None = None
    ) -> None:
        self._catalog_id = _register(_catalog(tables, variables or {}))

    def analyse(self, sql: str) -> None:
        try:
            ZetaSqlLocalService.get_instance().analyze(
                sql_statement=sql, options=_options(), registered_catalog_id=self._catalog_id
            )
        except ZetaSQLError as problem:
            raise GoogleRefuses(f"{problem}\n{sql}") from problem


def evaluate(sql: str) -> list[dict[str, Any]]:
    """The rows of a query over literals, with dates and times as GoogleSQL's JSON writes them."""
    as_json = f"SELECT TO_JSON_STRING(answer) AS answer FROM ({sql}) AS answer"
    builder = PreparedQuery.builder().set_sql(as_json).set_analyzer_options(_options())
    try:
        with builder.set_registered_catalog_id(_no_tables()).prepare() as query:
            rows = getattr(query.execute().content.table_data, "row", None) or []
    except ZetaSQLError as problem:
        raise GoogleRefuses(f"{problem}\n{sql}") from problem
    return [json.loads(row.cell[0].string_value) for row in rows]


def _register(catalog: Any) -> int:
    service = ZetaSqlLocalService.get_instance()
    return int(service.register_catalog(simple_catalog=catalog).registered_id)


@cache
def _no_tables() -> int:
    return _register(_catalog({}, {}))


@cache
def _language() -> Any:
    language = proto.LanguageOptions.maximum_features()
    # As in BigQuery.
    language.reserved_keywords = ["QUALIFY"]
    language.enabled_language_features = [
        *language.enabled_language_features,
        proto.LanguageFeature.FEATURE_CREATE_VIEWS_WITH_COLUMN_OPTIONS,
    ]
    return language


@cache
def _options() -> Any:
    return proto.AnalyzerOptions(language_options=_language(), default_timezone="UTC")


def _catalog(tables: Mapping[str, Table], variables: Mapping[str, str]) -> Any:
    builder = CatalogBuilder("warehouse").with_builtin_functions(
        proto.ZetaSQLBuiltinFunctionOptions(language_options=_language())
    )
    datasets: dict[str, list[Any]] = {}
    for name, table in tables.items():
        dataset, _, short = name.rpartition(".")
        built = TableBuilder(short)
        for column in table.columns:
            built.add_column(column.name, _type(column.type))
        if dataset:
            datasets.setdefault(dataset, []).append(built.build())
        else:
            builder.add_table(built.build())
    for name, kind in variables.items():
        builder.add_constant(ConstantBuilder(name).set_type(_type(parse_type(kind))).build())
    catalog = builder.build()
    catalog.catalog = [
        proto.SimpleCatalog(name=dataset, table=inside) for dataset, inside in datasets.items()
    ]
    return catalog


def _type(kind: ColumnType) -> Any:
    if kind.element:
        return TypeFactory.create_array_type(_type(kind.element))
    if kind.fields:
        return TypeFactory.create_struct_type([(name, _type(f)) for name, f in kind.fields])
    name = {"FLOAT64": "DOUBLE"}.get(kind.name, kind.name)
    return TypeFactory.create_simple_type(getattr(proto.TypeKind, f"TYPE_{name}"))
