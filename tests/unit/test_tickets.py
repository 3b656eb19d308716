"""Tickets: only ours, only for their purpose, only for a while."""

from datetime import timedelta

import pytest

from paceline.adapters.local.manual import ManualClock
from paceline.errors import TicketInvalid
from paceline.tickets import Tickets
from tests.builders import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


def test_a_ticket_comes_back_as_what_it_was_issued_for(clock: ManualClock) -> None:
    tickets = Tickets("secret", clock)

    assert tickets.subject("state", tickets.issue("state", "abc", MINUTE)) == "abc"


def test_it_ends(clock: ManualClock) -> None:
    tickets = Tickets("secret", clock)
    ticket = tickets.issue("state", "abc", MINUTE)
    clock.advance(60)

    with pytest.raises(TicketInvalid) as error:
        tickets.subject("state", ticket)
    assert error.value.expired


@pytest.mark.parametrize(
    "change",
    [
        lambda ticket: ticket.replace("abc", "abd"),
        lambda ticket: ticket.replace("abc.1", "abc.2"),  # a later end
        lambda ticket: ticket[:-1],
        lambda ticket: "",
        lambda ticket: "...",
        lambda ticket: "abc.99999999999999999999.x",
        lambda ticket: "abc.\u0663.x",
        lambda ticket: "\udcff.1.\udcff".encode("utf-8", "replace").decode(),
    ],
)
def test_what_was_altered_is_refused(clock: ManualClock, change: object) -> None:
    assert callable(change)
    tickets = Tickets("secret", clock)
    altered = change(tickets.issue("state", "abc", MINUTE))

    with pytest.raises(TicketInvalid) as error:
        tickets.subject("state", altered)
    assert not error.value.expired


def test_neither_another_purpose_nor_another_secret_takes_it(clock: ManualClock) -> None:
    ticket = Tickets("secret", clock).issue("state", "abc", MINUTE)

    for secret, purpose in (("secret", "visit"), ("another", "state")):
        with pytest.raises(TicketInvalid):
            Tickets(secret, clock).subject(purpose, ticket)
