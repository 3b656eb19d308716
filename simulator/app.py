"""Puts one simulated Strava together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from simulator.admin import ADMIN_ROUTES
from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.faults import FaultError, answer_fault, answer_http_error
from simulator.grants import Grants
from simulator.knobs import Dials
from simulator.live import LiveFeed
from simulator.oauth import OAUTH_ROUTES
from simulator.push import PUSH_ROUTES
from simulator.quota import Quota
from simulator.rest import REST_ROUTES
from simulator.state import Simulator
from simulator.subscription import SubscriptionDesk
from simulator.traffic import TrafficMiddleware
from simulator.webhooks import WebhookSender
from simulator.world import World


def create_app(
    config: SimulatorConfig,
    *,
    clock: Clock | None = None,
    outgoing: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """An ASGI app; `outgoing` replaces the network on the way to the callback."""
    clock = clock or Clock(config.now_s)
    dials = Dials(config.knobs)
    desk = SubscriptionDesk(config.client_id, config.seed, dials)
    sim = Simulator(
        config=config,
        clock=clock,
        dials=dials,
        world=World(config, clock.now_s()),
        grants=Grants(config.seed, dials),
        quota=Quota(config.read_limits, config.overall_limits),
        desk=desk,
        sender=WebhookSender(desk, dials),
        client=httpx.AsyncClient(transport=outgoing, trust_env=False),
    )
    live = LiveFeed(sim)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await live.set_pace(config.live_every_s)
        yield
        await live.close()
        await sim.sender.close()
        await sim.client.aclose()

    app = Starlette(
        routes=[*REST_ROUTES, *OAUTH_ROUTES, *PUSH_ROUTES, *ADMIN_ROUTES],
        middleware=[Middleware(TrafficMiddleware, traffic=sim.traffic)],
        exception_handlers={FaultError: answer_fault, HTTPException: answer_http_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.simulator = sim
    app.state.live = live
    return app
