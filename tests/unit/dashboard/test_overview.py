"""The page, run without a browser over a small file of marts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import overview
from tests.unit.dashboard.marts_file import Row, write_marts

HISTORY = [
    Row(7, 1, "New year", "Run", "2025-01-01 10:00", 10_000, 3_000, 50),
    Row(7, 2, "Leap? no", "Run", "2025-02-28 10:00", 5_000, 1_500, 10),
    Row(7, 3, "After the day", "Ride", "2025-06-01 10:00", 80_000, 10_800, 900),
    Row(7, 4, "Winter run", "TrailRun", "2026-01-04 09:30", 12_000, 4_200, 300),
    Row(7, 5, "<i>Spin</i> $x$", "Ride", "2026-02-24 18:00", 30_000, 3_600, 100),
]


# The reader is two hours east of Greenwich, on the last day of February.
SCRIPT = """
from datetime import datetime, timedelta, timezone
from pathlib import Path

from dashboard import overview

now = datetime(2026, 2, 28, 12, 0, 4, tzinfo=timezone(timedelta(hours=2)))
overview.show(Path({path!r}), lambda: now)
"""


def _page(path: Path, **address: str) -> AppTest:
    page = AppTest.from_string(SCRIPT.format(path=str(path)), default_timeout=20)
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def _text(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(str(one.proto.body) for one in page.get("html"))


def test_a_year_is_shown_with_the_same_days_of_the_year_before(marts_path: Path) -> None:
    write_marts(marts_path, HISTORY)
    text = _text(_page(marts_path))
    assert "All sports in 2026" in text
    assert "compared with 1 Jan to 28 Feb 2025" in text
    assert "<bdi>&lt;i&gt;Spin&lt;/i&gt; $x$</bdi>" in text
    assert '>42.0<small>km</small></p><p class="pl-change"><b>+180 %</b> on 2025' in text
    assert '>2<small></small></p><p class="pl-change"><b>±0 %</b> on 2025' in text


def test_all_my_runs_of_last_year_is_two_clicks_and_an_address(marts_path: Path) -> None:
    write_marts(marts_path, HISTORY)
    page = _page(marts_path)
    page.pills(key="year").set_value("2025").run()
    page.pills(key="sport").set_value("Runs").run()
    clicked = _text(page)
    assert "Runs in 2025" in clicked
    assert "15.0<small>km</small>" in clicked
    assert "After the day" not in clicked
    assert _text(_page(marts_path, year="2025", sport="Runs")) == clicked


def test_an_address_that_names_nothing_we_have_shows_the_start(marts_path: Path) -> None:
    write_marts(marts_path, HISTORY)
    text = _text(_page(marts_path, year="1066", sport="<b>"))
    assert "All sports in 2026" in text
    assert "1066" not in text


def test_all_years_have_no_comparison(marts_path: Path) -> None:
    write_marts(marts_path, HISTORY)
    text = _text(_page(marts_path, year="All years", by="Years"))
    assert "137<small>km</small>" in text
    assert "pl-change" not in text
    assert "Kilometres by year" in text


def test_the_athlete_is_asked_for_only_where_there_are_two(marts_path: Path) -> None:
    write_marts(marts_path, HISTORY)
    page = _page(marts_path)
    assert not page.selectbox
    swim = Row(8, 9, "Somebody's swim", "Swim", "2026-02-27 07:00", 2_000, 2_400)
    write_marts(marts_path, [*HISTORY, swim])
    page.run().selectbox(key="athlete").set_value("8").run()
    assert "Somebody&#x27;s swim" in _text(page)
    assert "Winter run" not in _text(page)


def test_more_rows_come_on_request(marts_path: Path) -> None:
    many = [
        Row(7, n, f"Run {n}", "Run", f"2026-01-{1 + n % 28:02d} 06:00", 5_000, 1_500)
        for n in range(30)
    ]
    write_marts(marts_path, many)
    page = _page(marts_path)
    assert "20 of 30" in _text(page)
    page.button(key="more").click().run()
    assert "30 of 30" in _text(page)
    assert not page.button


def test_freshness_is_told_where_the_marts_tell_it(marts_path: Path) -> None:
    write_marts(marts_path, HISTORY, refreshed_at=datetime(2026, 2, 28, 10, 0, tzinfo=UTC))
    page = _page(marts_path)
    assert "marts rebuilt 4 s ago, 5 activities" in _text(page)
    write_marts(marts_path, HISTORY)
    text = _text(page.run())
    assert "rebuilt" not in text
    assert "5 activities" in text


def test_a_new_activity_arrives_lit_and_is_counted(marts_path: Path) -> None:
    write_marts(marts_path, HISTORY)
    page = _page(marts_path)
    assert "pl-arrived" not in _text(page)
    new = Row(7, 6, "Just now", "Run", "2026-02-28 11:00", 8_000, 2_400, version=2)
    write_marts(marts_path, [*HISTORY, new])
    text = _text(page.run())
    assert text.count("pl-arrived") == 1
    assert "50.0<small>km</small>" in text
    assert text.index("Just now") < text.index("Winter run")


def test_it_waits_for_a_file_then_for_activities_and_then_shows_them(marts_path: Path) -> None:
    page = _page(marts_path, sport="Runs")
    assert str(marts_path) in _text(page)
    write_marts(marts_path, [])
    assert "The marts are there and empty" in _text(page.run())
    write_marts(marts_path, HISTORY)
    assert "Runs in 2026" in _text(page.run())


def test_the_entry_reads_the_file_that_the_environment_names(
    marts_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_marts(marts_path, HISTORY)
    monkeypatch.setenv("PACELINE_MARTS", str(marts_path))
    page = AppTest.from_file(Path(overview.__file__).with_name("app.py"), default_timeout=20).run()
    assert "5 activities" in _text(page)
