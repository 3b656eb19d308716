"""Puts one simulated Strava together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from simulator.admin import ADMIN_ROUTES
from simulator.admin_actions import ACTION_ROUTES
from simulator.admin_athletes import ADMIN_ATHLETE_ROUTES
from simulator.admin_events import EVENT_ROUTES
from simulator.admin_faults import FAULT_ROUTES
from simulator.admin_page import PAGE_ROUTES
from simulator.admin_quota import QUOTA_ROUTES
from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.faults import FaultError, answer_fault, answer_http_error
from simulator.grants import Grants
from simulator.knobs import Dials
from simulator.live import LiveFeed
from simulator.mischief import Mischief
from simulator.mishaps import Mishaps
from simulator.oauth import OAUTH_ROUTES
from simulator.push import PUSH_ROUTES
from simulator.quota import Quota
from simulator.recorded_folder import load_folder
from simulator.rest import REST_ROUTES
from simulator.same_origin import SameOriginMiddleware
from simulator.state import Simulator
from simulator.subscription import SubscriptionDesk
from simulator.traffic import DateMiddleware, TrafficMiddleware
from simulator.webhooks import WebhookSender
from simulator.world import World

_ROUTES = [
    *REST_ROUTES,
    *OAUTH_ROUTES,
    *PUSH_ROUTES,
    *ADMIN_ROUTES,
    *EVENT_ROUTES,
    *QUOTA_ROUTES,
    *FAULT_ROUTES,
    *ACTION_ROUTES,
    *ADMIN_ATHLETE_ROUTES,
    *PAGE_ROUTES,
]


def create_app(
    config: SimulatorConfig,
    *,
    clock: Clock | None = None,
    outgoing: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """An ASGI app; `outgoing` replaces the network on the way to the callback."""
    sim = _simulator(config, clock or Clock(config.now_s), outgoing)
    live = LiveFeed(sim)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await live.set_pace(config.live_every_s)
        yield
        await live.close()
        await sim.sender.close()
        await sim.client.aclose()

    app = Starlette(
        routes=_ROUTES,
        middleware=[
            Middleware(DateMiddleware, clock=sim.clock),
            Middleware(TrafficMiddleware, traffic=sim.traffic),
            Middleware(SameOriginMiddleware),
        ],
        exception_handlers={FaultError: answer_fault, HTTPException: answer_http_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.simulator = sim
    app.state.live = live
    return app


def _simulator(
    config: SimulatorConfig, clock: Clock, outgoing: httpx.AsyncBaseTransport | None
) -> Simulator:
    dials = Dials(config.knobs)
    world = World(config, clock.now_s(), load_folder(config))
    grants = Grants(config.seed, dials)
    desk = SubscriptionDesk(config.client_id, config.seed, dials)
    client = httpx.AsyncClient(transport=outgoing, trust_env=False)
    mischief = Mischief(config.seed, dials, world, grants)
    return Simulator(
        config=config,
        clock=clock,
        dials=dials,
        world=world,
        grants=grants,
        quota=Quota(config.read_limits, config.overall_limits),
        mishaps=Mishaps(config.seed, dials),
        desk=desk,
        sender=WebhookSender(client, clock, desk, dials, mischief),
        client=client,
    )
