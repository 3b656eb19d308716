"""The parts of the page that tell how things stand: clock, quota, events, live feed, requests."""

import datetime as dt

from simulator.live import SHARES
from simulator.markup import Html, html, join, table
from simulator.page_forms import Look, form, hidden, labelled, tick

_STEPS = (("1 minute", 60), ("15 minutes", 900), ("6 hours", 21_600), ("1 day", 86_400))


def live_box(name: str, inside: Html) -> Html:
    """What the script keeps fresh."""
    return html('<div id="{name}" data-live>{inside}</div>', name=name, inside=inside)


def clock_part(look: Look) -> Html:
    now = dt.datetime.fromtimestamp(look.sim.clock.now_s(), tz=dt.UTC)
    shown = html(
        '<p class="big"><time datetime="{iso}">{day} <b>{time}</b> UTC</time></p>',
        iso=now.isoformat(),
        day=f"{now:%a %d %b %Y}",
        time=f"{now:%H:%M:%S}",
    )
    steps = join(
        form(
            look,
            "POST clock",
            hidden("seconds:number", seconds),
            button=f"+ {name}",
            at="clock",
            said=f"{name} passed.",
        )
        for name, seconds in _STEPS
    )
    speed = form(
        look,
        "POST clock",
        labelled(
            "Simulated seconds in a real one",
            html(
                '<input type="number" name="speed:number" min="0" max="86400" step="any"'
                ' value="{speed}" required>',
                speed=f"{look.sim.clock.speed:g}",
            ),
        ),
        button="Set speed",
        at="clock",
        said="The speed is set.",
    )
    return html(
        '{shown}<div class="row">{steps}</div>'
        '<p class="hint">Windows roll and tokens age. It only goes forward.</p>{speed}',
        shown=live_box("now", shown),
        steps=steps,
        speed=speed,
    )


def quota_part(look: Look) -> Html:
    sim = look.sim
    sim.quota.roll(sim.clock.now_s())
    rows = [
        (name, window, used, bucket.limits[place])
        for name, bucket in (("Reads", sim.quota.read), ("All calls", sim.quota.overall))
        for place, window, used in (
            (0, "15 min", bucket.used_quarter),
            (1, "day", bucket.used_day),
        )
    ]
    bars = join(_bar(f"{name}, {window}", used, limit) for name, window, used, limit in rows)
    shown = html(
        '<div class="bars">{bars}</div><p class="hint">{refused} calls refused.</p>',
        bars=bars,
        refused=sim.quota.refused,
    )
    return html("{bars}{limits}", bars=live_box("bars", shown), limits=_limits(look))


def _limits(look: Look) -> Html:
    fields = join(
        html(
            '<label><span class="label">{name}</span><input type="number" name="{field}:numbers"'
            ' min="0" value="{value}" required></label>',
            name=f"{name}, {window}",
            field=field,
            value=value,
        )
        for name, field, limits in (
            ("Reads", "read_limits", look.sim.quota.read.limits),
            ("All calls", "overall_limits", look.sim.quota.overall.limits),
        )
        for window, value in zip(("15 min", "day"), limits, strict=True)
    )
    inside = html('<div class="grid">{fields}</div>', fields=fields)
    changed = form(
        look, "POST quota", inside, button="Set limits", at="quota", said="The limits are set."
    )
    return html("<details><summary>Other limits</summary>{form}</details>", form=changed)


def _bar(name: str, used: int, limit: int) -> Html:
    return html(
        '<label><span>{name}</span><meter min="0" max="{most}" high="{high}" value="{used}">'
        "</meter><b>{used} / {limit}</b></label>",
        name=name,
        most=max(limit, 1),
        high=0.8 * limit,
        used=used,
        limit=limit,
    )


def live_part(look: Look) -> Html:
    live = look.live
    pace = labelled(
        "Every … seconds (0 stops)",
        html(
            '<input type="number" name="every_s:number" min="0" max="86400" step="any"'
            ' value="{every_s}" required>',
            every_s=f"{live.every_s:g}",
        ),
    )
    kinds = join(
        html(
            '<label class="tick"><input type="checkbox" name="kinds:list" value="{kind}"{on}>'
            " {kind}</label>",
            kind=kind,
            on=Html(" checked" if kind in live.kinds else ""),
        )
        for kind in SHARES
    )
    silent = html(
        '<label class="tick">{box} crops without a new title, which nothing announces</label>',
        box=tick("silent_edits:flag", on=live.silent_edits),
    )
    return form(
        look,
        "POST live",
        html(
            '{pace}<fieldset><legend>What happens</legend>{none}<div class="row">{kinds}</div>'
            "</fieldset>{silent}",
            pace=pace,
            none=hidden("kinds:list", ""),
            kinds=kinds,
            silent=silent,
        ),
        button="Set the pace",
        at="live",
        said="The pace is set.",
    )


def requests_part(look: Look) -> Html:
    seen = sorted(look.sim.traffic.requests.items())
    rows = ((method, route, status, count) for (method, route, status), count in seen)
    listed = (
        table(("Method", "Route", "Status", "Count"), rows)
        if seen
        else html('<p class="hint">None yet.</p>')
    )
    reads = html("<p>{reads} reads counted against the quota.</p>", reads=look.sim.traffic.reads)
    return html(
        "{seen}{reset}",
        seen=live_box("seen", html("{reads}{listed}", reads=reads, listed=listed)),
        reset=form(
            look,
            "POST reset_requests",
            button="Count from zero",
            at="requests",
            said="The requests are counted from zero.",
        ),
    )
