"""State on a laptop: JSON documents in SQLite, each with the version that wrote it."""

import json
from collections.abc import Iterable, Sequence
from sqlite3 import Connection
from typing import Any

from paceline.adapters.limits import check_document, check_field
from paceline.adapters.local.sqlite import Database
from paceline.errors import Conflict
from paceline.ports import Document, Stored, Version, Where

# One counter for all documents: a version is never given twice, so one that was read before a
# document was deleted cannot write over its successor. The index answers the ledger's two
# questions, which parked work is due and how many are in each state.
_SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS documents (
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        data TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (collection, id)
    )
    """,
    "CREATE TABLE IF NOT EXISTS versions (last INTEGER NOT NULL)",
    "INSERT INTO versions SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM versions)",
    """
    CREATE INDEX IF NOT EXISTS documents_by_state ON documents (
        collection, json_extract(data, '$.state'), json_extract(data, '$.not_before')
    ) WHERE json_extract(data, '$.state') IS NOT NULL
    """,
)

_OPERATORS = {"==": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class SqliteState:
    """Keeps the promises of the port State over one SQLite file, for any number of processes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.define(*_SCHEMA)

    def get(self, collection: str, doc_id: str) -> Stored | None:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT id, data, version FROM documents WHERE collection = ? AND id = ?",
                (collection, doc_id),
            ).fetchone()
        return _stored(row) if row else None

    def create(self, collection: str, doc_id: str, data: Document) -> Version:
        text = _encode(doc_id, data)
        with self._database.transaction() as connection:
            version = _next_version(connection)
            written = connection.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (collection, doc_id, text, version),
            ).rowcount
            if not written:
                raise Conflict(f"{collection}/{doc_id} exists already; read it again.")
        return version

    def replace(self, collection: str, doc_id: str, data: Document, version: Version) -> Version:
        text = _encode(doc_id, data)
        with self._database.transaction() as connection:
            successor = _next_version(connection)
            written = connection.execute(
                "UPDATE documents SET data = ?, version = ?"
                " WHERE collection = ? AND id = ? AND version = ?",
                (text, successor, collection, doc_id, version),
            ).rowcount
            if not written:
                raise Conflict(
                    f"{collection}/{doc_id} was changed or removed since version {version} was "
                    "read; read it again."
                )
        return successor

    def delete(self, collection: str, doc_id: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "DELETE FROM documents WHERE collection = ? AND id = ?", (collection, doc_id)
            )

    def query(
        self,
        collection: str,
        where: Sequence[Where] = (),
        *,
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> Sequence[Stored]:
        condition, parameters = _condition(collection, where, order_by)
        order = ", ".join([*(_value(field) for field in order_by), "id"])
        sql = (
            f"SELECT id, data, version FROM documents WHERE {condition}"  # noqa: S608 -- see _path
            f" ORDER BY {order} LIMIT ?"
        )
        with self._database.reading() as connection:
            rows = connection.execute(sql, (*parameters, -1 if limit is None else limit)).fetchall()
        return [_stored(row) for row in rows]

    def count(self, collection: str, where: Sequence[Where] = ()) -> int:
        condition, parameters = _condition(collection, where)
        sql = f"SELECT count(*) FROM documents WHERE {condition}"  # noqa: S608 -- see _path
        with self._database.reading() as connection:
            (count,) = connection.execute(sql, parameters).fetchone()
        return int(count)


def _condition(
    collection: str, where: Iterable[Where], order_by: Iterable[str] = ()
) -> tuple[str, list[Any]]:
    """The WHERE clause and its parameters; values are bound, never written into it."""
    terms = ["collection = ?"]
    parameters: list[Any] = [collection]
    for each in where:
        if each.op not in _OPERATORS:
            raise ValueError(f"{each.op!r} is none of the comparisons {list(_OPERATORS)}")
        terms.append(f"{_value(each.field)} {_OPERATORS[each.op]} ?")
        # Without this SQLite finds every text greater than every number, and true equal to 1.
        terms.append(f"{_type(each.field)} IN {_like_types(each.value)}")
        parameters.append(each.value)
    terms += [f"{_type(field)} IS NOT NULL" for field in order_by]
    return " AND ".join(terms), parameters


def _like_types(value: str | float) -> str:
    if isinstance(value, bool):
        return "('true', 'false')"
    return "('text')" if isinstance(value, str) else "('integer', 'real')"


def _value(field: str) -> str:
    return f"json_extract(data, '{_path(field)}')"


def _type(field: str) -> str:
    return f"json_type(data, '{_path(field)}')"


def _path(field: str) -> str:
    """The only text of a caller that becomes SQL, hence the narrow pattern."""
    check_field(field)
    return f"$.{field}"


def _next_version(connection: Connection) -> Version:
    (last,) = connection.execute("UPDATE versions SET last = last + 1 RETURNING last").fetchone()
    return Version(str(last))


def _encode(doc_id: str, data: Document) -> str:
    check_document(doc_id, data)
    return json.dumps(data, allow_nan=False, separators=(",", ":"))


def _stored(row: tuple[str, str, int]) -> Stored:
    doc_id, data, version = row
    return Stored(doc_id, json.loads(data), Version(str(version)))
