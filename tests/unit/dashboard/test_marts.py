"""Opening the file, and seeing that it is another one."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from dashboard import history
from dashboard.marts import Marts, MartsUnavailableError, identity_of, open_marts
from tests.unit.dashboard.marts_file import Row, write_marts

RUN = Row(7, 1, "Lunch run", "Run", "2026-02-03 12:15", 10_000, 3_000)
RIDE = Row(7, 2, "Evening spin", "Ride", "2026-02-04 18:00", 40_000, 5_400)


@pytest.fixture
def readers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def _count(marts: Marts) -> int:
    return int(marts.rows("SELECT count(*) FROM marts.activity_summary")[0][0])


def test_a_replaced_file_is_seen_while_another_reader_still_has_the_old_one(
    marts_path: Path, readers: ExitStack
) -> None:
    write_marts(marts_path, [RUN])
    before = identity_of(marts_path)
    old = readers.enter_context(open_marts(marts_path))
    assert _count(old) == 1

    write_marts(marts_path, [RUN, RIDE])

    assert identity_of(marts_path) != before
    assert _count(readers.enter_context(open_marts(marts_path))) == 2
    assert _count(old) == 1


def test_the_identity_of_an_untouched_file_stays(marts_path: Path) -> None:
    assert identity_of(marts_path) is None
    write_marts(marts_path, [RUN])
    before = identity_of(marts_path)
    with open_marts(marts_path) as marts:
        _count(marts)
    assert identity_of(marts_path) == before


def test_nothing_can_be_written_through_a_page(marts_path: Path, readers: ExitStack) -> None:
    write_marts(marts_path, [RUN])
    marts = readers.enter_context(open_marts(marts_path))
    with pytest.raises(duckdb.Error, match="read-only"):
        marts.rows("DELETE FROM marts.activity_summary")


def test_a_path_with_a_quote_is_a_path(tmp_path: Path, readers: ExitStack) -> None:
    path = tmp_path / "it's; mine.duckdb"
    write_marts(path, [RUN])
    assert _count(readers.enter_context(open_marts(path))) == 1


def test_a_file_that_is_not_a_database_says_what_to_do(
    marts_path: Path, readers: ExitStack
) -> None:
    marts_path.write_bytes(b"half a file" * 1000)
    with pytest.raises(MartsUnavailableError, match="paceline refresh --full"):
        readers.enter_context(open_marts(marts_path))


def test_a_missing_file_says_where_it_was_looked_for(marts_path: Path, readers: ExitStack) -> None:
    with pytest.raises(MartsUnavailableError, match="PACELINE_MARTS") as refused:
        readers.enter_context(open_marts(marts_path))
    assert str(marts_path) in str(refused.value)


def test_the_time_of_the_refresh_is_optional(marts_path: Path) -> None:
    at = datetime(2026, 2, 5, 6, 3, 4, 250_000, tzinfo=UTC)
    write_marts(marts_path, [RUN])
    with open_marts(marts_path) as marts:
        assert history.refreshed_at(marts) is None
    write_marts(marts_path, [RUN], refreshed_at=at)
    with open_marts(marts_path) as marts:
        assert history.refreshed_at(marts) == at


@pytest.mark.parametrize(("its_table", "told"), [("kept", "06:03"), ("gone", None)])
def test_the_time_of_the_refresh_may_be_a_view_even_one_without_its_table(
    marts_path: Path, its_table: str, told: str | None
) -> None:
    write_marts(marts_path, [RUN])
    with duckdb.connect(":memory:") as connection:
        connection.execute("ATTACH $path AS history", {"path": str(marts_path)})
        connection.execute("USE history")
        connection.execute(
            "CREATE TABLE runs AS SELECT TIMESTAMPTZ '2026-02-05 06:03:00+00' AS ended_at"
        )
        connection.execute("CREATE VIEW freshness AS SELECT ended_at AS refreshed_at FROM runs")
        if its_table == "gone":
            connection.execute("DROP TABLE runs")
    with open_marts(marts_path) as marts:
        refreshed_at = history.refreshed_at(marts)
    assert (refreshed_at and f"{refreshed_at:%H:%M}") == told
