"""What each step is given, built from the ports; a runtime adds each port's adapter.

Each part is imported when it is built, so that a function starts with what it needs and no more.
"""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from paceline.runtime.base import Ports
from paceline.runtime.part import Part

if TYPE_CHECKING:
    from paceline.adapters.strava.oauth import StravaTokenEndpoint
    from paceline.adapters.strava.session import StravaSession
    from paceline.adapters.strava.subscription import PushSubscription
    from paceline.adapters.strava.wire import StravaWire
    from paceline.budget import Budget
    from paceline.claims import Claims
    from paceline.counters import Counters
    from paceline.lake import Lake
    from paceline.ledger import Ledger
    from paceline.ports import (
        Landing,
    )
    from paceline.reading import Reading
    from paceline.spool import Spool
    from paceline.steps.backfill import Backfilling
    from paceline.steps.build_marts import Building
    from paceline.steps.connect_athlete import Connecting
    from paceline.steps.fetch_profile import Profiling
    from paceline.steps.fetch_work import Fetching
    from paceline.steps.forget_athlete import Forgetting
    from paceline.steps.load_silver import Loading
    from paceline.steps.rebuild import Rebuilding
    from paceline.steps.receive_webhook import Receiving
    from paceline.steps.reconcile import Reconciling
    from paceline.steps.release_work import Releasing
    from paceline.steps.replay import Replaying
    from paceline.vault import Vault


class Runtime(Ports):
    """Everything but the adapters, which a subclass has."""

    # What each step is given.

    @Part
    def receiving(self) -> "Receiving":
        from paceline.steps.receive_webhook import Receiving

        return Receiving(
            publisher=self.publisher,
            clock=self.clock,
            ids=self.ids,
            webhook_secret=self.settings.secret("webhook_secret"),
            verify_token=self.settings.secret("verify_token"),
            is_ours=self.is_ours,
            spool=lambda: self.spool,
        )

    @Part
    def fetching(self) -> "Fetching":
        from paceline.steps.fetch_work import Fetching

        return Fetching(
            ledger=self.ledger,
            reading=self.reading,
            wire=self.wire,
            lake=self.lake,
            clock=self.clock,
            counters=self.counters,
        )

    @Part
    def loading(self) -> "Loading":
        from paceline.steps.load_silver import Loading

        return Loading(
            bronze=self.bronze,
            wire=self.wire,
            landing=self.warehouse,
            schemas=self.landing_schemas,
            clock=self.clock,
        )

    @Part
    def releasing(self) -> "Releasing":
        from paceline.steps.release_work import Releasing

        return Releasing(
            ledger=self.ledger,
            budget=self.budget,
            publisher=self.publisher,
            clock=self.clock,
            ids=self.ids,
            backfilling=self.backfilling,
            spool=self.spool,
            claims=self.claims,
        )

    @Part
    def reconciling(self) -> "Reconciling":
        from paceline.steps.comparison import Checking
        from paceline.steps.reconcile import Reconciling
        from paceline.steps.sweep import Sweeping

        return Reconciling(
            state=self.state,
            vault=self.vault,
            backfilling=self.backfilling,
            checking=Checking(self.ledger, self.reading, self.wire, self.clock),
            profiling=self.profiling,
            sweeping=Sweeping(self.ledger, self.lake, self.wire, self.clock, self.ids),
            lake=self.lake,
            clock=self.clock,
            ids=self.ids,
        )

    @Part
    def replaying(self) -> "Replaying":
        from paceline.steps.replay import Replaying

        return Replaying(self.ledger, self.lake, self.clock, self.ids)

    def rebuilding(self, landing: "Landing") -> "Rebuilding":
        """Into another landing than the one that is in use, or into the same one again."""
        from paceline.steps.rebuild import Rebuilding

        return Rebuilding(self.lake, replace(self.loading, landing=landing))

    @Part
    def building_marts(self) -> "Building":
        from paceline.steps.build_marts import Building

        return Building(self.warehouse, self.clock)

    @Part
    def connecting(self) -> "Connecting":
        from paceline.steps.connect_athlete import Connecting, Consent
        from paceline.tickets import Tickets

        settings = self.settings
        consent = Consent(
            page=f"{settings.strava_oauth_base}/authorize",
            client_id=settings.strava_client_id,
            scopes=settings.strava_scopes,
            redirect_uri=f"{settings.base_url}/connect_athlete/callback",
        )
        tickets = Tickets(settings.secret("strava_client_secret"), self.clock)
        return Connecting(
            oauth=self.oauth,
            vault=self.vault,
            ids=self.ids,
            tickets=tickets,
            consent=consent,
            pause=time.sleep,
            connected=self._begin_work,
            stop_work=self.stop_work,
        )

    @Part
    def forgetting(self) -> "Forgetting":
        from paceline.steps.forget_athlete import Forgetting

        return Forgetting(
            self.vault, self.budget, self.claims, self.counters, self.clock, self.stop_work
        )

    def _begin_work(self, athlete_id: int) -> None:
        from paceline.steps.begin_work import Beginning, begin

        use = Beginning(
            vault=self.vault,
            ledger=self.ledger,
            backfilling=self.backfilling,
            profiling=self.profiling,
            clock=self.clock,
            ids=self.ids,
        )
        begin(athlete_id, use)

    def stop_work(self, athlete_id: int) -> None:
        """Nothing more is fetched for them, and connecting again starts anew."""
        from paceline.steps import backfill

        backfill.forget(athlete_id, self.backfilling)
        self.ledger.stop(athlete_id, "the athlete disconnected")

    @Part
    def backfilling(self) -> "Backfilling":
        from paceline.steps.backfill import Backfilling

        return Backfilling(
            state=self.state,
            ledger=self.ledger,
            reading=self.reading,
            wire=self.wire,
            lake=self.lake,
            clock=self.clock,
            ids=self.ids,
        )

    @Part
    def profiling(self) -> "Profiling":
        from paceline.steps.fetch_profile import Profiling

        return Profiling(self.reading, self.wire, self.lake, self.clock)

    # Over the ports.

    @Part
    def lake(self) -> "Lake":
        from paceline.lake import Lake

        return Lake(self.bronze, self.publisher)

    @Part
    def spool(self) -> "Spool":
        from paceline.spool import Spool

        return Spool(self.bronze, self.publisher)

    @Part
    def ledger(self) -> "Ledger":
        from paceline.ledger import Ledger

        return Ledger(self.state)

    @Part
    def claims(self) -> "Claims":
        from paceline.claims import Claims

        return Claims(self.state)

    @Part
    def counters(self) -> "Counters":
        from paceline.counters import Counters

        return Counters(self.state)

    @Part
    def budget(self) -> "Budget":
        from paceline.budget import Budget
        from paceline.runtime.logs import say_halted

        return Budget(self.state, self.clock, alert=say_halted)

    @Part
    def vault(self) -> "Vault":
        from paceline.vault import Vault

        return Vault(self.state, self.cipher, self.oauth, self.clock, self.ids)

    # Strava.

    @Part
    def session(self) -> "StravaSession":
        from paceline.adapters.strava.session import StravaSession

        return StravaSession(self.settings.strava_api_base, self.settings.strava_oauth_base)

    @Part
    def oauth(self) -> "StravaTokenEndpoint":
        from paceline.adapters.strava.oauth import StravaTokenEndpoint

        settings = self.settings
        return StravaTokenEndpoint(
            self.session, settings.strava_client_id, settings.secret("strava_client_secret")
        )

    @Part
    def subscription(self) -> "PushSubscription":
        from paceline.adapters.strava.subscription import PushSubscription

        settings = self.settings
        return PushSubscription(
            self.session, settings.strava_client_id, settings.secret("strava_client_secret")
        )

    @Part
    def wire(self) -> "StravaWire":
        from paceline.adapters.strava.wire import StravaWire

        return StravaWire()

    @Part
    def reading(self) -> "Reading":
        from paceline.adapters.strava.api import StravaReadApi
        from paceline.reading import Reading

        return Reading(StravaReadApi(self.session), self.budget, self.vault)
