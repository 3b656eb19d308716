"""The part of the page about events: the subscription, what became of each, and a forged one."""

import datetime as dt
import json
from collections.abc import Mapping

from simulator.deliveries import Delivery
from simulator.markup import Html, html, join, table
from simulator.mischief import FORGERIES
from simulator.page_figures import live_box
from simulator.page_forms import Look, form, labelled, select

_SHOWN = 8


def events_part(look: Look) -> Html:
    current = look.sim.desk.current
    if current is None:
        told = html('<p class="hint">Nobody has subscribed: events are not sent.</p>')
    else:
        told = html(
            "<p>Subscription {number} to <code>{url}</code></p>",
            number=current.subscription_id,
            url=current.callback_url,
        )
    last = look.sim.sender.log.newest(_SHOWN)
    inside = html(
        "{told}{counters}{last}",
        told=told,
        counters=_numbers(look.sim.sender.counters.as_json()),
        last=_last(last) if last else Html(),
    )
    return html("{told}{forge}", told=live_box("told", inside), forge=_forge(look))


def _numbers(counters: Mapping[str, int]) -> Html:
    pairs = (
        html("<div><dt>{name}</dt><dd>{value}</dd></div>", name=name, value=value)
        for name, value in counters.items()
    )
    return html("<dl>{pairs}</dl>", pairs=join(pairs))


def _last(deliveries: list[Delivery]) -> Html:
    rows = (
        (
            delivery.number,
            delivery.kind,
            f"{delivery.message.get('object_type')} {delivery.message.get('aspect_type')}",
            delivery.message.get("object_id"),
            json.dumps(delivery.message.get("updates"), ensure_ascii=False),
            delivery.state,
            _attempts(delivery),
        )
        for delivery in deliveries
    )
    heads = ("No.", "Kind", "Event", "Object", "Updates", "State", "Attempts and answers, UTC")
    return table(heads, rows)


def _attempts(delivery: Delivery) -> str:
    return ", ".join(
        f"{dt.datetime.fromtimestamp(attempt.at_s, tz=dt.UTC):%H:%M:%S} {attempt.answer}"
        for attempt in delivery.attempts
    )


def _forge(look: Look) -> Html:
    kinds = select("kind", [(kind, kind.replace("_", " ")) for kind in FORGERIES], "random_ids")
    inside = labelled("A stranger posts in the name of Strava", kinds)
    return form(
        look,
        "POST events",
        html('<div class="grid">{inside}</div>', inside=inside),
        button="Forge an event",
        at="events",
        said="The forged event is on its way.",
    )
