"""The first page: a year or a life at a glance, this week, and the activities as they arrive."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import streamlit as st

from dashboard import chart, history, markup, units
from dashboard.history import Grain, Holding, Selection
from dashboard.marts import Marts, MartsUnavailableError, Place, identity_of, open_marts
from dashboard.period import (
    ALL_TIME,
    Period,
    calendar_year,
    reached,
    same_days_of_the_year_before,
    week_of,
)
from dashboard.sports import Family, families_of, family_of

LOOK_EVERY_S = 2
ROWS_AT_FIRST = 20
ROWS_MORE = 50
ALL_YEARS = "All years"
ALL_SPORTS = "All sports"


@dataclass(frozen=True)
class Choice:
    """What the reader asks for; it is all in the address, so that it can be shared."""

    athlete_id: int
    year: int | None
    family: Family | None
    sport_types: tuple[str, ...]

    def over(self, period: Period) -> Selection:
        return Selection(self.athlete_id, self.sport_types, period)

    def selection(self) -> Selection:
        return self.over(ALL_TIME if self.year is None else calendar_year(self.year))

    def title(self) -> str:
        sports = self.family.title if self.family else "All sports"
        return f"{sports}, all years" if self.year is None else f"{sports} in {self.year}"


def show(path: Path | Place, clock: Callable[[], datetime]) -> None:
    """`clock` tells the time where the page is read."""
    # Before opening: a file that is renamed over it in between is then noticed at the next look.
    identity = identity_of(path)
    try:
        with open_marts(path) as marts:
            _page(marts, path, identity, clock)
    except MartsUnavailableError as reason:
        _wait(path, identity, reason.title, str(reason))


def _page(
    marts: Marts, path: Path | Place, identity: object | None, clock: Callable[[], datetime]
) -> None:
    held = history.holdings(marts)
    if not held:
        raise MartsUnavailableError(
            "Waiting for the first activities",
            "The marts are there and empty. Activities show here as soon as they have been read "
            "from Strava; `paceline status` says how far that is, and `paceline connect` connects "
            "an athlete if there is none yet.",
        )
    masthead = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    )
    choice = _filters(held)
    with masthead:
        st.html(markup.masthead(), width="content")
        number = sum(one.activities for one in held if one.athlete_id == choice.athlete_id)
        _freshness(path, identity, number, history.refreshed_at(marts), clock)
    today = clock().date()
    latest_day, newest_version = history.reached(marts, choice.athlete_id)
    totals = _figures(marts, choice, reached(today, latest_day))
    _week(marts, choice, today)
    _bars(marts, choice)
    seen = _seen_before(choice.athlete_id, identity, newest_version)
    _latest(marts, choice, totals.activities, seen)


@st.fragment(run_every=LOOK_EVERY_S)
def _wait(path: Path | Place, identity: object | None, title: str, advice: str) -> None:
    if identity_of(path) != identity:
        st.rerun()
    st.html(markup.waiting(title, advice))


@st.fragment(run_every=LOOK_EVERY_S)
def _freshness(
    path: Path | Place,
    identity: object | None,
    activities: int,
    refreshed_at: datetime | None,
    clock: Callable[[], datetime],
) -> None:
    """Reruns the page when another file has the name; otherwise only its own line changes."""
    if identity_of(path) != identity:
        st.rerun()
    st.html(markup.freshness(activities, refreshed_at, clock()))


def _filters(held: list[Holding]) -> Choice:
    athlete_ids = sorted({one.athlete_id for one in held})
    athlete_id = athlete_ids[0]
    if len(athlete_ids) > 1:
        options = [str(one) for one in athlete_ids]
        athlete_id = int(
            st.selectbox("Athlete", options, key="athlete", bind="query-params", width=220)
        )
    mine = [one for one in held if one.athlete_id == athlete_id]
    years = [str(year) for year in sorted({one.year for one in mine}, reverse=True)]
    year = _pills("Year", [*years, ALL_YEARS], years[0])
    families = families_of(one.sport_group for one in mine)
    sport = _pills("Sport", [ALL_SPORTS, *(one.title for one in families)], ALL_SPORTS)
    family = next((one for one in families if one.title == sport), None)
    sport_types = {one.sport_type for one in mine if family in {None, family_of(one.sport_group)}}
    return Choice(
        athlete_id, None if year == ALL_YEARS else int(year), family, tuple(sorted(sport_types))
    )


def _pills(label: str, options: list[str], default: str) -> str:
    """What is shown is what stands in the address: `?year=2025&sport=Runs`."""
    chosen = st.pills(
        label,
        options,
        default=default,
        required=True,
        key=label.lower(),
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen or default


def _figures(marts: Marts, choice: Choice, until: date) -> history.Totals:
    now = history.totals(marts, choice.selection())
    before, against, note = None, "", ""
    if choice.year is not None:
        days = same_days_of_the_year_before(choice.year, until)
        before = history.totals(marts, choice.over(days))
        against = f"on {choice.year - 1}"
        note = f"compared with {units.day(days.first)} to {units.day(days.last)} {days.last.year}"
    if before is not None and not before.activities:
        before, note = None, ""
    st.html(markup.section(choice.title(), note))
    st.html(markup.figures(now, before, against))
    return now


def _week(marts: Marts, choice: Choice, today: date) -> None:
    days = week_of(today)
    found = history.days(marts, choice.over(days))
    note = ""
    if found:
        distance_km = units.distance_km(sum(one.distance_m for one in found))
        hours = units.hours_minutes(sum(one.moving_time_s for one in found))
        note = f"{distance_km} km in {hours} h"
    st.html(markup.section("This week", note))
    st.html(markup.week(days, found, today))


def _bars(marts: Marts, choice: Choice) -> None:
    offered = (Grain.MONTH, Grain.YEAR) if choice.year is None else (Grain.WEEK, Grain.MONTH)
    grains = {f"{grain}s".capitalize(): grain for grain in offered}
    heading = st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    )
    with heading:
        title = st.empty()
        by = st.segmented_control(
            "Bars by",
            list(grains),
            default=next(iter(grains)),
            required=True,
            key="by",
            bind="query-params",
            label_visibility="collapsed",
        )
    grain = grains.get(by or "", next(iter(grains.values())))
    found = history.bars(marts, choice.selection(), grain)
    measure = "Hours" if chart.counts_hours(found) else "Kilometres"
    title.html(markup.section(f"{measure} by {grain}"), width="content")
    if not found:
        st.html(markup.nothing(choice.title()))
        return
    # Arrow's own table: from a list, Streamlit would load pandas, which nothing else here needs.
    st.vega_lite_chart(
        pa.Table.from_pylist(chart.rectangles(found, grain)),
        chart.bars_by_sport(found, grain, dark=st.context.theme.type == "dark"),
        alt=f"{measure} by {grain} and sport. {choice.title()}.",
        key="bars",
    )


def _latest(marts: Marts, choice: Choice, number: int, seen_version: int) -> None:
    selection = choice.selection()
    chosen, rows = st.session_state.get("rows", (selection, ROWS_AT_FIRST))
    if chosen != selection:
        rows = ROWS_AT_FIRST
    found = history.latest(marts, selection, rows)
    st.html(
        markup.section(
            "Latest activities", f"{units.count(len(found))} of {units.count(number)}, local times"
        )
    )
    if not found:
        st.html(markup.nothing(choice.title()))
        return
    st.html(markup.activities(found, seen_version))
    if len(found) < number:
        more = (selection, rows + ROWS_MORE)
        st.button(
            f"Show {min(ROWS_MORE, number - len(found))} more",
            key="more",
            on_click=lambda: st.session_state.update(rows=more),
        )


def _seen_before(athlete_id: int, identity: object | None, newest_version: int) -> int:
    """The newest version that this reader had seen when the present file came."""
    key = f"seen {athlete_id}"
    file, before, newest = st.session_state.get(key, (identity, newest_version, newest_version))
    if file != identity:
        before = newest
    st.session_state[key] = (identity, before, newest_version)
    return int(before)
