"""The parts of the page about what an athlete has recorded: the list, and a new one."""

import datetime as dt

from simulator.admin_actions import SPORTS
from simulator.markup import Html, html, join
from simulator.page_figures import live_box
from simulator.page_forms import Look, form, hidden, labelled, select, tick
from simulator.world import Activity

PER_PAGE = 10
_DELETED = 5
_SHORTEST_MIN = 1
_LONGEST_MIN = 720


def create_part(look: Look) -> Html:
    sports = [("", "as the plan says"), *((sport, sport) for sport in SPORTS)]
    now = dt.datetime.fromtimestamp(look.sim.clock.now_s(), tz=dt.UTC)
    return form(
        look,
        "POST activities",
        html(
            '<p class="hint">For {name}. Without a start it has just ended; with one it is the '
            'late upload of an old file.</p>{athlete}<div class="grid">{fields}</div>',
            name=look.athlete.first_name,
            athlete=hidden("athlete_id:number", look.athlete.athlete_id),
            fields=join(
                (
                    labelled("Sport", select("sport_type", sports, "")),
                    labelled("Minutes", _minutes("duration_s:minutes", 30)),
                    labelled("Title", Html('<input name="name" maxlength="255">')),
                    labelled(
                        "Start, UTC",
                        html(
                            '<input type="datetime-local" name="start" max="{now}">',
                            now=f"{now:%FT%H:%M}",
                        ),
                    ),
                    labelled("Only you see it", tick("private:flag", on=False)),
                )
            ),
        ),
        button="Create",
        at="activities",
        said="The activity is there.",
    )


def _minutes(name: str, usual: int) -> Html:
    return html(
        '<input type="number" name="{name}" min="{least}" max="{most}" step="any"'
        ' value="{usual}" required>',
        name=name,
        least=_SHORTEST_MIN,
        most=_LONGEST_MIN,
        usual=usual,
    )


def activities_part(look: Look) -> Html:
    everything = look.sim.world.activities(look.athlete.athlete_id)
    first = (look.page - 1) * PER_PAGE
    items = join(_item(look, one) for one in everything[first : first + PER_PAGE])
    deleted = look.sim.world.deleted(look.athlete.athlete_id)[:_DELETED]
    inside = html(
        '<ol class="activities" start="{start}">{items}</ol>{pages}{deleted}',
        start=first + 1,
        items=items,
        pages=_pages(look, len(everything)),
        deleted=_deleted(look, deleted) if deleted else Html(),
    )
    return html(
        '<p class="hint">Of {name}, newest first, in the time of {city}.</p>{inside}',
        name=look.athlete.first_name,
        city=look.athlete.home.city,
        inside=live_box("recorded", inside),
    )


def last_page(look: Look) -> int:
    return max(1, -(-len(look.sim.world.activities(look.athlete.athlete_id)) // PER_PAGE))


def _item(look: Look, activity: Activity) -> Html:
    start = dt.datetime.fromtimestamp(activity.plan.start_s, tz=look.athlete.zone)
    minutes = activity.figures.elapsed_s // 60
    return html(
        '<li><details><summary><span class="title">{name}</span> {private}'
        '<span class="badge">{sport}</span> <span class="hint">{start} · {km} km · {time} h'
        '</span></summary><div class="changes">{forms}</div><p class="hint">'
        "Number {number}, gear {gear}{cropped}.</p></details></li>",
        name=activity.name,
        private=html('<span class="badge bad">hidden</span> ') if activity.private else Html(),
        sport=activity.sport_type,
        start=f"{start:%a %d %b %Y %H:%M}",
        km=f"{activity.figures.distance_m / 1000:.1f}",
        time=f"{minutes // 60}:{minutes % 60:02d}",
        forms=_changes(look, activity),
        number=activity.activity_id,
        gear=activity.gear_id or "none",
        cropped=f", cropped by {activity.cropped_s} s" if activity.cropped_s else "",
    )


def _changes(look: Look, activity: Activity) -> Html:
    def change(button: str, control: Html, said: str) -> Html:
        call = f"PATCH activities/{activity.activity_id}"
        return form(look, call, control, button=button, at="activities", said=said)

    hide = hidden("private:flag", "off" if activity.private else "on")
    forms = [
        change("Rename", labelled("Title", _title(activity)), "The title is changed."),
        change("Change sport", labelled("Sport", _sport(activity)), "The sport is changed."),
        change("Change gear", labelled("Gear", _gear(look, activity)), "The gear is changed."),
    ]
    if activity.has_streams:
        forms += [
            change("Crop", labelled("Minutes off the end", _crop(activity)), "It is cropped."),
            change("Correct", labelled("Distance times", _scale()), "The distance is corrected."),
        ]
    forms += [
        change("Show to everyone" if activity.private else "Hide", hide, "Its privacy is changed."),
        form(
            look,
            f"DELETE activities/{activity.activity_id}",
            button="Delete",
            at="activities",
            said="The activity is deleted.",
        ),
    ]
    return join(forms)


def _title(activity: Activity) -> Html:
    return html('<input name="name" value="{name}" maxlength="255" required>', name=activity.name)


def _sport(activity: Activity) -> Html:
    options = sorted({*SPORTS, activity.sport_type})
    return select("sport_type", [(sport, sport) for sport in options], activity.sport_type)


def _gear(look: Look, activity: Activity) -> Html:
    owned = [(gear.gear_id, gear.name) for gear in look.athlete.bikes + look.athlete.shoes]
    return select("gear_id:any", [("", "none"), *owned], activity.gear_id or "")


def _crop(activity: Activity) -> Html:
    most = max(0, activity.figures.elapsed_s / 60 - 1)
    return html(
        '<input type="number" name="crop_s:minutes" min="0" max="{most}" step="any" value="5"'
        " required>",
        most=f"{most:.2f}",
    )


def _scale() -> Html:
    return html(
        '<input type="number" name="distance_scale:number" min="0.01" max="100" step="any"'
        ' value="1.02" required>'
    )


def _pages(look: Look, count: int) -> Html:
    last = max(1, -(-count // PER_PAGE))
    steps = (
        ("Newest", 1, look.page > 1),
        ("Newer", look.page - 1, look.page > 1),
        ("Older", look.page + 1, look.page < last),
        ("Oldest", last, look.page < last),
    )
    links = join(
        html('<a href="{link}">{name}</a> ', link=look.address("activities", page=page), name=name)
        if possible
        else html('<span class="hint">{name}</span> ', name=name)
        for name, page, possible in steps
    )
    return html(
        '<nav aria-label="Pages of activities">{links}'
        '<span class="hint">page {page} of {last}, {count} activities</span></nav>',
        links=links,
        page=look.page,
        last=last,
        count=count,
    )


def _deleted(look: Look, deleted: list[Activity]) -> Html:
    rows = join(
        html(
            "<li>{name} {form}</li>",
            name=activity.name,
            form=form(
                look,
                f"POST activities/{activity.activity_id}/restore",
                button="Restore",
                at="activities",
                said="The activity is back, under the number it had.",
            ),
        )
        for activity in deleted
    )
    return html('<h3>Deleted last</h3><ul class="gone">{rows}</ul>', rows=rows)
