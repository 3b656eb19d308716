"""The two pages a person may open: consent, and a look at the world."""

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import urlencode

from simulator.athletes import Athlete
from simulator.world import Activity

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left}"
    "a.yes{font-weight:600}"
)


def authorize_page(athletes: Iterable[Athlete], params: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><td>{escape(athlete.first_name)} {escape(athlete.last_name)}</td>"
        f"<td>{escape(athlete.home.city)}</td>"
        f'<td><a class="yes" href="{_decision(params, "approve", athlete.athlete_id)}">'
        "Authorize</a></td></tr>"
        for athlete in athletes
    )
    scopes = escape(params.get("scope", "read"))
    return _page(
        "Authorize (simulated)",
        f"<p>An application asks for <code>{scopes}</code>. Who are you?</p>"
        f"<table>{rows}</table>"
        f'<p><a href="{_decision(params, "deny", 0)}">Cancel</a></p>',
    )


def world_page(
    athletes: Iterable[Athlete],
    latest: Iterable[Activity],
    figures: Mapping[str, object],
) -> str:
    people = "".join(
        f"<tr><td>{athlete.athlete_id}</td><td>{escape(athlete.first_name)}</td>"
        f"<td>{escape(athlete.home.city)}</td></tr>"
        for athlete in athletes
    )
    activities = "".join(
        f"<tr><td>{activity.activity_id}</td><td>{escape(activity.name)}</td>"
        f"<td>{escape(activity.sport_type)}</td>"
        f"<td>{activity.figures.distance_m / 1000:.1f} km</td></tr>"
        for activity in latest
    )
    numbers = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(str(value))}</td></tr>"
        for name, value in figures.items()
    )
    return _page(
        "Simulated Strava",
        f"<h2>Now</h2><table>{numbers}</table><h2>Athletes</h2><table>{people}</table>"
        f"<h2>Latest activities</h2><table>{activities}</table>",
    )


def _decision(params: Mapping[str, str], decision: str, athlete_id: int) -> str:
    kept = {
        name: params[name]
        for name in ("client_id", "redirect_uri", "scope", "state")
        if name in params
    }
    query = urlencode(kept | {"decision": decision, "athlete_id": athlete_id})
    return escape(f"/oauth/decide?{query}")


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1>{body}</html>"
    )
