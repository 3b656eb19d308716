"""The part of the page that turns knobs."""

from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any, get_args

from simulator.faults import Body
from simulator.knobs import Knobs
from simulator.markup import Html, html, join
from simulator.page_figures import live_box
from simulator.page_forms import Look, form, hidden, labelled, select

# The first knob of each group; what follows in the list belongs to it too.
_GROUPS = {
    "rotation": "Signing in",
    "inactive": "Reading",
    "webhook_attempts": "Events",
}
_STATUSES = (400, 401, 403, 404, 429, 500, 502, 503, 504)


def trouble_part(look: Look) -> Html:
    groups = join(
        html(
            '<fieldset><legend>{name}</legend><div class="knobs">{knobs}</div></fieldset>',
            name=name,
            knobs=join(_knob(knob, getattr(look.sim.dials.knobs, knob.name)) for knob in knobs),
        )
        for name, knobs in _grouped()
    )
    return html(
        "{turn}{calm}{planned}",
        turn=form(
            look, "PATCH knobs", groups, button="Apply", at="trouble", said="The knobs are turned."
        ),
        calm=form(
            look,
            "DELETE knobs",
            button="Calm: every knob back to its default",
            at="trouble",
            said="All is calm.",
        ),
        planned=_planned(look),
    )


def _grouped() -> Iterator[tuple[str, list[Field[Any]]]]:
    groups: dict[str, list[Field[Any]]] = {}
    name = "General"
    for knob in fields(Knobs):
        name = _GROUPS.get(knob.name, name)
        groups.setdefault(name, []).append(knob)
    yield from groups.items()


def _knob(knob: Field[Any], value: object) -> Html:
    turned = value != knob.default
    return html(
        '<label{turned}><span class="label"><code>{name}</code> {text}{usual}</span>'
        '<span class="control">{control}</span></label>',
        turned=Html(' class="turned"' if turned else ""),
        name=knob.name,
        text=knob.metadata["text"],
        usual=html(" <em>(usually {usual})</em>", usual=_shown(knob.default)) if turned else Html(),
        control=_control(knob, value),
    )


def _control(knob: Field[Any], value: Any) -> Html:
    choices = get_args(knob.type)
    if choices:
        return select(knob.name, [(choice, choice) for choice in choices], str(value))
    if knob.type is bool:
        return html(
            '{off}<input type="checkbox" name="{name}:flag"{on}>',
            off=hidden(f"{knob.name}:flag", "off"),
            name=knob.name,
            on=Html(" checked" if value else ""),
        )
    if knob.type is str:
        return html(
            '<input name="{name}:any" value="{value}" maxlength="200">', name=knob.name, value=value
        )
    return _amount(knob, value)


def _amount(knob: Field[Any], value: float) -> Html:
    most = float(knob.metadata["most"])
    if most == 1.0 and knob.type is float:
        # A share that is finer than the slider would be rounded by it.
        step = "0.01" if round(value, 2) == value else "any"
        return html(
            '<input type="range" name="{name}:number" min="0" max="1" step="{step}"'
            ' value="{value}"><output>{value}</output>',
            name=knob.name,
            step=step,
            value=value,
        )
    return html(
        '<input type="number" name="{name}:number" min="0"{most} step="{step}" value="{value}"'
        " required>",
        name=knob.name,
        most=html(' max="{most}"', most=f"{most:.0f}") if most < float("inf") else Html(),
        step="1" if knob.type is int else "any",
        value=value,
    )


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) or "empty"


def _planned(look: Look) -> Html:
    """Answers that are sure to come, for the next calls."""
    fields = join(
        (
            labelled("Path contains", Html('<input name="path" value="/" maxlength="200">')),
            labelled(
                "Status",
                select("status:number", [(str(s), str(s)) for s in _STATUSES], "503"),
            ),
            labelled("Body", select("body", [(body, body) for body in get_args(Body)], "json")),
            labelled(
                "Times",
                Html('<input type="number" name="times:number" min="1" max="100000" value="1">'),
            ),
        )
    )
    plan = form(
        look,
        "POST faults",
        html('<div class="grid">{fields}</div>', fields=fields),
        button="Plan it",
        at="trouble",
        said="The fault is planned.",
    )
    planned = join(
        html(
            "<li>{times} times {status} ({body}) where the path contains <code>{path}</code></li>",
            times=fault.times,
            status=fault.status,
            body=fault.body,
            path=fault.path,
        )
        for fault in look.sim.mishaps.planned
    )
    forget = form(
        look, "DELETE faults", button="Forget the plans", at="trouble", said="Nothing is planned."
    )
    return html(
        "<fieldset><legend>Answers to the next calls</legend>{planned}{plan}{forget}</fieldset>",
        planned=live_box("planned", html("<ul>{planned}</ul>", planned=planned)),
        plan=plan,
        forget=forget,
    )
