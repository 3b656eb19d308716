"""How SQLite goes about what an adapter asks of it."""

from collections.abc import Callable

from paceline.adapters.local.sqlite import Database


def plans(database: Database, action: Callable[[], object]) -> dict[str, str]:
    """Every statement that `action` runs, with SQLite's plan for it."""
    statements: list[str] = []
    with database.reading() as connection:  # the pool holds one connection, so action gets it too
        connection.set_trace_callback(statements.append)
    action()
    with database.reading() as connection:
        connection.set_trace_callback(None)
        return {
            sql: " | ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}"))
            for sql in statements
            if sql.split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}
        }
