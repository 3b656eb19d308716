"""What happens to an event on its way, and what a stranger posts in Strava's name.

Each event has dice of its own, drawn from the seed and its number, and throws all of them whether
a knob asks for them or not: so turning one knob leaves the luck of the others as it was.
"""

from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Literal, get_args

from simulator.events import Event, deauthorization
from simulator.grants import Grants
from simulator.knobs import Dials
from simulator.world import World

Forgery = Literal["unknown_owner", "wrong_subscription", "delete", "deauthorization", "random_ids"]
FORGERIES: tuple[Forgery, ...] = get_args(Forgery)

_MOST_LATER = 3
_SHORTEST_HOLD_S = 10.0
_LONGEST_HOLD_S = 30.0
_MOST_BACKDATED_S = 60
_LARGEST_ID = 2**53


@dataclass(frozen=True, slots=True)
class Fate:
    """`behind` later events go first, if they come within `hold_s`; 0 does not hold it back."""

    dice: str
    dropped: bool
    delay_s: float
    behind: int
    hold_s: float
    doubled: bool
    forged: Forgery | None


class Mischief:
    """Draws fates, and forges as a stranger who knows the callback and much of the world."""

    def __init__(self, seed: int, dials: Dials, world: World, grants: Grants) -> None:
        self._seed = seed
        self._dials = dials
        self._world = world
        self._grants = grants
        self._by_hand = 0

    def fate(self, number: int) -> Fate:
        """Of the event with this number, counted from the start of the simulator."""
        knobs = self._dials.knobs
        dice = f"{self._seed}/event/{number}"
        rng = Random(dice)
        drops, delays, holds, doubles, forges = (rng.random() for _ in range(5))
        behind = rng.randint(1, _MOST_LATER)
        hold_s = rng.uniform(_SHORTEST_HOLD_S, _LONGEST_HOLD_S)
        forgery = rng.choice(FORGERIES)
        return Fate(
            dice=dice,
            dropped=drops < knobs.loss_share,
            delay_s=delays * knobs.delay_s,
            behind=behind if holds < knobs.reorder_share else 0,
            hold_s=hold_s,
            doubled=doubles < knobs.duplicate_share,
            forged=forgery if forges < knobs.forge_share else None,
        )

    def dice_by_hand(self) -> str:
        """For what has no number, so that a forgery by hand shifts nobody's luck."""
        self._by_hand += 1
        return f"{self._seed}/by hand/{self._by_hand}"

    def forge(
        self, forgery: Forgery, dice: str, subscription_id: int, now_s: float
    ) -> dict[str, Any]:
        rng = Random(dice)
        victim = self._victim(rng)
        known_id = self._known_activity(victim, rng)
        time_s = int(now_s) - rng.randrange(_MOST_BACKDATED_S)
        any_id, any_owner = (rng.randrange(1, _LARGEST_ID) for _ in range(2))
        match forgery:
            case "unknown_owner":
                event = Event("activity", known_id, "update", any_owner, time_s, {"title": "x"})
            case "wrong_subscription":
                event = Event("activity", known_id, "update", victim, time_s, {"title": "x"})
                subscription_id += rng.randrange(1, 100_000)
            case "delete":
                event = Event("activity", known_id, "delete", victim, time_s, {})
            case "deauthorization":
                event = deauthorization(victim, time_s)
            case "random_ids":
                event = Event("activity", any_id, "create", any_owner, time_s, {})
        return asdict(event) | {"subscription_id": subscription_id}

    def _victim(self, rng: Random) -> int:
        everyone = self._world.athlete_ids
        connected = [i for i in everyone if self._grants.scopes_of(i)]
        return rng.choice(connected or everyone)

    def _known_activity(self, athlete_id: int, rng: Random) -> int:
        """An id out of the blue when there is none."""
        activities = self._world.activities(athlete_id)
        if not activities:
            return rng.randrange(1, _LARGEST_ID)
        return rng.choice(activities).activity_id
