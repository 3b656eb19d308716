"""Short texts that only we can have written, each for one purpose and a while.

Signed, not encrypted: what a ticket says may be read by whoever holds it.
"""

import hmac
from datetime import timedelta

from paceline.errors import TicketInvalid
from paceline.ports import Clock


class Tickets:
    def __init__(self, secret: str, clock: Clock) -> None:
        # A key of our own, so that a ticket says nothing about the secret it comes from.
        self._key = hmac.digest(secret.encode(), b"paceline tickets", "sha256")
        self._clock = clock

    def issue(self, purpose: str, subject: str, lasts: timedelta) -> str:
        ends_s = int((self._clock.now() + lasts).timestamp())
        return f"{subject}.{ends_s}.{self._seal(purpose, subject, ends_s)}"

    def subject(self, purpose: str, ticket: str) -> str:
        """What it was issued for. Raises TicketInvalid for anything but a live ticket of ours."""
        subject, ends, seal = [*ticket.split("."), "", ""][:3]
        if not (ends.isascii() and ends.isdecimal() and len(ends) <= len("253402300799")):
            raise TicketInvalid(expired=False)
        if not hmac.compare_digest(seal.encode(), self._seal(purpose, subject, int(ends)).encode()):
            raise TicketInvalid(expired=False)
        if int(ends) <= self._clock.now().timestamp():
            raise TicketInvalid(expired=True)
        return subject

    def _seal(self, purpose: str, subject: str, ends_s: int) -> str:
        text = f"{purpose}.{subject}.{ends_s}".encode()
        return hmac.digest(self._key, text, "sha256").hex()
