"""Reads the page as a browser without scripts does: its text, and what its forms would send."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import httpx

from tests.simulator.harness import Strava, strava, turned


@dataclass
class Form:
    method: str
    action: str
    button: str = ""
    fields: list[tuple[str, str]] = field(default_factory=list)
    boxes: set[str] = field(default_factory=set)

    @property
    def call(self) -> str:
        """The route that it stands for, such as `PATCH /_sim/knobs`."""
        method, _, path = self.action.partition("?")[0].removeprefix("/_sim/do/").partition("/")
        return f"{method} /_sim/{path}"

    def filled(self, **changes: str) -> dict[str, list[str]]:
        """What is sent; an argument replaces the field of that name, whatever its kind."""
        sent: dict[str, list[str]] = {}
        for name, value in self.fields:
            sent.setdefault(name, []).append(value)
        for name, value in changes.items():
            key = next(key for key in [*sent, *self.boxes] if key.partition(":")[0] == name)
            sent[key] = [value]
        return sent


class PageReader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.tags: list[str] = []
        self.text = ""
        self._select = ""
        self._in: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if tag == "form":
            self.forms.append(Form(given["method"] or "", given["action"] or ""))
        elif tag == "input":
            self._input(given)
        elif tag == "select":
            self._select = given["name"] or ""
        elif tag == "option" and "selected" in given:
            self.forms[-1].fields.append((self._select, given["value"] or ""))
        if tag in {"button", "script", "style"}:
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._in and self._in[-1] == tag:
            self._in.pop()

    def handle_data(self, data: str) -> None:
        if not self._in:
            self.text += data
        elif self._in[-1] == "button" and self.forms:
            self.forms[-1].button = data

    def _input(self, given: dict[str, str | None]) -> None:
        name, form = given["name"] or "", self.forms[-1]
        if given.get("type") == "checkbox":
            form.boxes.add(name)
            if "checked" in given:
                form.fields.append((name, given.get("value") or "on"))
        else:
            form.fields.append((name, given.get("value") or ""))

    def form(self, button: str, within: str = "") -> Form:
        """The first with that button, and this in its address."""
        return next(f for f in self.forms if f.button == button and within in f.action)


async def read(sim: Strava, path: str = "/_sim") -> PageReader:
    answer = await sim.http.get(path)
    assert answer.status_code == 200, answer.text
    return PageReader(answer.text)


async def press(sim: Strava, button: str, within: str = "", **fields: str) -> httpx.Response:
    """The page that a click on the button ends at."""
    form = (await read(sim)).form(button, within)
    sent = form.filled(**fields)
    return await sim.http.post(form.action, data=sent, follow_redirects=True)


def well(answer: httpx.Response) -> PageReader:
    assert answer.status_code == 200, answer.text
    assert [one.status_code for one in answer.history] == [303]
    assert 'role="status"' in answer.text
    return PageReader(answer.text)


def young(athletes: int = 1, **knobs: Any) -> Strava:
    """A world of a few weeks, which is quickly drawn."""
    return strava(replace(turned(**knobs), years=0.12, athletes=athletes))


async def lively(**knobs: Any) -> Strava:
    """Ada has connected, deleted something, and events have been sent."""
    sim = young(**knobs)
    await sim.subscribe()
    await sim.signed_in()
    newest = (await sim.truth())[0]["id"]
    await sim.http.delete(f"/_sim/activities/{newest}")
    await sim.settled()
    return sim
