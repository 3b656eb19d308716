"""Topics and who listens: the one place that says where a message goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

EVENTS = "events"
LANDED = "landed"


@dataclass(frozen=True)
class Subscription:
    """Copies of the messages of a topic that carry all of these attributes."""

    name: str
    topic: str
    only: Mapping[str, str] = field(default_factory=dict)

    def takes(self, topic: str, attributes: Mapping[str, str]) -> bool:
        return topic == self.topic and self.only.items() <= attributes.items()


# A subscription is named after the function it is delivered to. Messages for a function that is
# not deployed yet are kept, not lost.
SUBSCRIPTIONS = (
    Subscription("fetch_activity", EVENTS, {"object_type": "activity"}),
    Subscription("forget_athlete", EVENTS, {"object_type": "athlete"}),
    Subscription("load_silver", LANDED),
)
