"""The page at `/_sim`: look inside, and cause trouble, by hand."""

from pathlib import Path

from simulator.markup import Html, html, join
from simulator.page_activities import activities_part, create_part
from simulator.page_athletes import athletes_part
from simulator.page_events import events_part
from simulator.page_figures import (
    clock_part,
    live_part,
    quota_part,
    requests_part,
)
from simulator.page_forms import Look
from simulator.page_trouble import trouble_part

_HERE = Path(__file__).parent
_STYLE = Html((_HERE / "page.css").read_text())
_SCRIPT = Html((_HERE / "page.js").read_text())

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Simulated Strava</title>
<style>{style}</style>
</head>
<body data-address="{address}">
<header>
<h1>Simulated Strava</h1>
<p>A made-up world, in memory. Nothing here reaches the real Strava.</p>
<nav aria-label="Sections">{links}</nav>
</header>
{note}
<p class="away" role="alert">The simulator does not answer; the figures below are old.</p>
<main>{parts}</main>
<footer><p>The same as JSON: {json}. Every form here is a call that scripts may make as well.</p>
</footer>
<script>{script}</script>
</body>
</html>
"""
_SECTIONS = (
    ("clock", "Clock"),
    ("quota", "Quota"),
    ("live", "Live feed"),
    ("events", "Events"),
    ("athletes", "Athletes"),
    ("create", "New activity"),
    ("activities", "Activities"),
    ("trouble", "Trouble"),
    ("requests", "Requests seen"),
)
_JSON = ("state", "athletes", "truth", "deleted", "events", "knobs", "faults", "requests")


def world_page(look: Look, *, said: str = "", problem: str = "") -> str:
    parts = {
        "clock": clock_part(look),
        "quota": quota_part(look),
        "events": events_part(look),
        "live": live_part(look),
        "athletes": athletes_part(look),
        "create": create_part(look),
        "activities": activities_part(look),
        "trouble": trouble_part(look),
        "requests": requests_part(look),
    }
    return html(
        _PAGE,
        style=_STYLE,
        script=_SCRIPT,
        address=look.address(),
        links=join(html('<a href="#{at}">{name}</a> ', at=at, name=name) for at, name in _SECTIONS),
        note=_note(said, problem),
        parts=join(_section(at, name, parts[at]) for at, name in _SECTIONS),
        json=join(html('<a href="/_sim/{name}">{name}</a> ', name=name) for name in _JSON),
    )


def _section(at: str, name: str, inside: Html) -> Html:
    return html(
        '<section id="{at}" aria-labelledby="{at}-title"><h2 id="{at}-title">{name}</h2>'
        "{inside}</section>",
        at=at,
        name=name,
        inside=inside,
    )


def _note(said: str, problem: str) -> Html:
    if problem:
        return html('<p class="note bad" role="alert">{text}</p>', text=problem)
    return html('<p class="note" role="status">{text}</p>', text=said) if said else Html()
