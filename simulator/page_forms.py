"""Forms that call the admin API; they work without a script.

The name of an input says how its text becomes JSON: `seconds:number`, `private:flag`. See `typed`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from simulator.athletes import Athlete
from simulator.live import LiveFeed
from simulator.markup import Html, html, join
from simulator.state import Simulator

_MINUTE_S = 60
_NOTHING = Html()


@dataclass(frozen=True, slots=True)
class Look:
    """What the reader of the page is looking at."""

    sim: Simulator
    live: LiveFeed
    athlete: Athlete
    page: int
    home: str

    def address(self, at: str = "", **changes: object) -> str:
        shown = {"athlete": self.athlete.athlete_id, "page": self.page} | changes
        return f"/_sim?{urlencode(shown)}{'#' + at if at else ''}"


def form(
    look: Look, call: str, inside: Html = _NOTHING, *, button: str, at: str, said: str
) -> Html:
    """`call` is a method and a path below `/_sim`; `said` is shown when it has worked."""
    method, _, path = call.partition(" ")
    query = {"athlete": look.athlete.athlete_id, "page": look.page, "at": at, "said": said}
    return html(
        '<form method="post" action="/_sim/do/{method}/{path}?{query}">{inside}'
        "<button>{button}</button></form>",
        method=method,
        path=path,
        query=urlencode(query),
        inside=inside,
        button=button,
    )


def labelled(label: str, control: Html) -> Html:
    return html(
        '<label><span class="label">{label}</span>{control}</label>', label=label, control=control
    )


def hidden(name: str, value: object) -> Html:
    return html('<input type="hidden" name="{name}" value="{value}">', name=name, value=value)


def tick(name: str, *, on: bool) -> Html:
    """A box that also says so when it is not ticked."""
    return html(
        '{off}<input type="checkbox" name="{name}"{on}>',
        off=hidden(name, "off"),
        name=name,
        on=Html(" checked" if on else ""),
    )


def select(name: str, options: Iterable[tuple[str, str]], chosen: str) -> Html:
    """Options are pairs of a value and what is shown for it."""
    return html(
        '<select name="{name}">{options}</select>',
        name=name,
        options=join(
            html(
                '<option value="{value}"{on}>{text}</option>',
                value=value,
                text=text,
                on=Html(" selected" if value == chosen else ""),
            )
            for value, text in options
        ),
    )


def typed(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The JSON that a form means; what was left empty is left out, except after `:any`."""
    body: dict[str, Any] = {}
    for key, text in pairs:
        name, _, kind = key.partition(":")
        if kind == "list":
            body[name] = body.get(name, []) + ([text] if text else [])
        elif kind == "numbers":
            body[name] = [*body.get(name, []), _number(text.strip(), kind)]
        elif kind == "flag":
            body[name] = text == "on"
        elif kind == "any":
            body[name] = text
        elif text.strip():
            body[name] = text.strip() if not kind else _number(text.strip(), kind)
    return body


def _number(text: str, kind: str) -> object:
    """A text that is no number stays one: the API then says what is wrong with it."""
    try:
        number = int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    return number * _MINUTE_S if kind == "minutes" else number
