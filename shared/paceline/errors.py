"""What can go wrong, in three families that decide what happens to the message.

PacelineError
├── Retryable            leaves the step as an exception: 5xx, redelivery, dead letter after N
│   ├── StoreUnavailable
│   ├── PublishUnavailable
│   └── StravaUnavailable
├── Permanent            recorded and acknowledged: doing it again cannot help
│   ├── PayloadInvalid
│   ├── EventInvalid
│   ├── AthleteUnknown
│   ├── AthleteLeft
│   ├── AccessLost
│   │   └── AccessRefused
│   ├── TicketInvalid
│   └── StravaRefused
│       ├── ApplicationRefused
│       ├── CodeRefused
│       │   └── CodeExpired
│       └── AthleteLimit
├── WaitUntil            parked in the ledger and acknowledged: not before a known time
│   └── ApplicationClosed
├── Busy                 the same work is under way elsewhere
├── Conflict             somebody else wrote the document first: read it again
└── SettingsInvalid      refused at start, by name

Anything else that is raised is a bug.
"""

from datetime import datetime


class PacelineError(Exception):
    """Something that Paceline knows how to name."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or type(self).__name__)


class Retryable(PacelineError):
    """It did not work now; the same message may work later."""


class StoreUnavailable(Retryable):
    """A store did not take or give what was asked; deliver the message again."""


class PublishUnavailable(Retryable):
    """The bus did not take the message, so nothing was accepted; send it again."""


class StravaUnavailable(Retryable):
    """Strava did not answer usefully; deliver the message again."""


class Permanent(PacelineError):
    """The same message can never work; it is recorded and acknowledged."""


class PayloadInvalid(Permanent):
    """A stored payload does not have the shape that is documented for it."""


class EventInvalid(Permanent):
    """A webhook body is not an event as documented."""


class AthleteUnknown(Permanent):
    """The event names an athlete who never connected; no read is spent on it."""


class AthleteLeft(Permanent):
    """The athlete disconnected; nothing about them is fetched or kept any more."""


class AccessLost(Permanent):
    """Strava refuses the athlete's token for good; the athlete must connect again."""

    first = False  # True where it was found out; the others need not alert again


class AccessRefused(AccessLost):
    """Strava refuses the athlete's token, and does not say that their grant has ended."""

    def __init__(self, not_before: datetime, why: str) -> None:
        super().__init__(f"{why} They are asked about again at {not_before.isoformat()}.")
        self.not_before = not_before


class StravaRefused(Permanent):
    """Strava refuses this request for good, whoever asks again."""

    answer: object = None  # what Strava answered, where that is worth keeping


class ApplicationRefused(StravaRefused):
    """Strava refuses our own credentials, or our application: that says nothing of an athlete."""


class CodeRefused(StravaRefused):
    """Strava does not take the code of a redirect: it was used, invented, or is too new."""


class CodeExpired(CodeRefused):
    """The code of a redirect is too old."""


class AthleteLimit(StravaRefused):
    """Strava lets no further athlete connect to this application."""


class TicketInvalid(Permanent):
    """A ticket is not ours, is for something else, or has expired."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__()
        self.expired = expired


class WaitUntil(PacelineError):
    """The work is good but must not be tried before `not_before`."""

    def __init__(self, not_before: datetime, why: str) -> None:
        super().__init__(f"{why}; not before {not_before.isoformat()}")
        self.not_before = not_before
        self.why = why


class ApplicationClosed(WaitUntil):
    """Strava refuses the whole application: nobody calls, and all work is kept."""


class Busy(PacelineError):
    """The same work is under way in another process."""


class Conflict(PacelineError):
    """Somebody else wrote this document first; read it again."""


class SettingsInvalid(PacelineError):
    """A setting is missing or wrong; nothing was started."""
