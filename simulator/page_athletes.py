"""The part of the page about people."""

from urllib.parse import urlencode

from simulator.athletes import Athlete
from simulator.markup import Html, html, join
from simulator.page_figures import live_box
from simulator.page_forms import Look, form, labelled, tick
from simulator.profiles import Profile

_MOST = 12
_SCOPES = "read,activity:read,activity:read_all,profile:read_all"


def athletes_part(look: Look) -> Html:
    shown = _chosen(look)
    people = join(_person(look, athlete) for athlete in shown)
    more = len(look.sim.world.athlete_ids) - len(shown)
    return html(
        "{people}{jump}",
        people=live_box("people", html('<ul class="people">{people}</ul>', people=people)),
        jump=_jump(look, more) if more else Html(),
    )


def _chosen(look: Look) -> list[Athlete]:
    """The one looked at, those who have connected, and others while there is room."""
    world, grants = look.sim.world, look.sim.grants
    first = [look.athlete.athlete_id, *(i for i in world.athlete_ids if grants.scopes_of(i))]
    numbers = list(dict.fromkeys([*first, *world.athlete_ids[:_MOST]]))[:_MOST]
    return [athlete for i in sorted(numbers) if (athlete := world.athlete(i)) is not None]


def _person(look: Look, athlete: Athlete) -> Html:
    sim, number = look.sim, athlete.athlete_id
    scopes, profile = sim.grants.scopes_of(number), sim.profiles.now(athlete)
    # Counting would draw the whole history, which takes a while.
    known = len(sim.world.activities(number)) if sim.world.is_drawn(number) else None
    return html(
        '<li{current}><div><a href="{link}"><b>{first} {last}</b></a> '
        '<span class="hint">{number}, {city}{count}</span>'
        "<br>{status}</div>{action}{settings}</li>",
        current=Html(' class="current"' if number == look.athlete.athlete_id else ""),
        link=look.address("activities", athlete=number, page=1),
        first=profile.first_name,
        last=athlete.last_name,
        number=number,
        city=athlete.home.city,
        count="" if known is None else f", {known} activities",
        status=_status(scopes),
        action=_disconnect(look, number) if scopes else _invite(look),
        settings=_settings(look, number, profile),
    )


def _settings(look: Look, number: int, profile: Profile) -> Html:
    """Limits are those of the API."""
    fields = join(
        (
            labelled(
                "First name",
                html(
                    '<input name="firstname" value="{name}" maxlength="60" required>',
                    name=profile.first_name,
                ),
            ),
            labelled("FTP, W", _amount("ftp_w", profile.ftp_w, 50, 600)),
            labelled("Weight, kg", _amount("weight_kg", profile.weight_kg, 30, 200)),
            labelled("Highest heart rate", _amount("max_hr", profile.max_hr, 120, 230)),
            labelled("Paid subscription", tick("premium:flag", on=profile.premium)),
        )
    )
    changed = form(
        look,
        f"PATCH athletes/{number}",
        html('<div class="grid">{fields}</div>', fields=fields),
        button="Save settings",
        at="athletes",
        said="The settings are saved.",
    )
    return html("<details><summary>Settings</summary>{form}</details>", form=changed)


def _amount(name: str, value: float | None, least: int, most: int) -> Html:
    return html(
        '<input type="number" name="{name}:number" min="{least}" max="{most}" step="any"'
        ' value="{value}">',
        name=name,
        least=least,
        most=most,
        value="" if value is None else value,
    )


def _status(scopes: tuple[str, ...]) -> Html:
    if not scopes:
        return html('<span class="badge">not connected</span>')
    return html(
        '<span class="badge good">connected</span> <code>{scopes}</code>', scopes=" ".join(scopes)
    )


def _disconnect(look: Look, number: int) -> Html:
    return form(
        look,
        f"POST athletes/{number}/disconnect",
        button="Disconnect",
        at="athletes",
        said="The athlete has taken the permission back.",
    )


def _invite(look: Look) -> Html:
    """To the page where a person says yes; it comes back here with the code."""
    query = {
        "client_id": look.sim.config.client_id,
        "redirect_uri": look.home,
        "scope": _SCOPES,
    }
    return html(
        '<a class="button" href="/oauth/authorize?{query}">Authorise page</a>',
        query=urlencode(query),
    )


def _jump(look: Look, more: int) -> Html:
    everyone = look.sim.world.athlete_ids
    return html(
        '<form method="get" action="/_sim" class="row"><label><span class="label">'
        "{more} more live here; look at number</span>"
        '<input type="number" name="athlete" min="{least}" max="{most}" value="{chosen}"></label>'
        "<button>Look</button></form>",
        more=more,
        least=everyone[0],
        most=everyone[-1],
        chosen=look.athlete.athlete_id,
    )
