"""`python -m simulator`: serves one simulated Strava until it is told to stop."""

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import logging
import math
import os
import socket
import sys
import threading
from dataclasses import fields
from functools import partial
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from simulator.app import create_app
from simulator.config import SimulatorConfig
from simulator.faults import FaultError
from simulator.knobs import Knobs, checked
from simulator.recorded_folder import BadFolderError
from simulator.saving import SavingError, save_world

_USAGE_ERROR = 2
_STOP_GRACE_S = 2
_LAST_PORT = 65_535
_MOST_YEARS = 12


def main() -> int:
    parser = _parser()
    arguments = parser.parse_args()
    if not arguments.athletes and not arguments.recorded:
        parser.error("--athletes 0 leaves nobody; name a folder with --recorded too")
    names = {field.name for field in fields(SimulatorConfig)}
    given = vars(arguments)
    knobs = Knobs(**{knob.name: given[knob.name] for knob in fields(Knobs)})
    config = SimulatorConfig(**{k: v for k, v in given.items() if k in names}, knobs=knobs)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        if arguments.save:
            count = asyncio.run(save_world(config, Path(arguments.save)))
            print(f"simulator: {count} activities saved in {arguments.save}", file=sys.stderr)
            return 0
        app = create_app(config)
    except (BadFolderError, SavingError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return _USAGE_ERROR
    try:
        listener = socket.create_server((config.host, config.port), backlog=256)
    except OSError as error:
        print(
            f"simulator: cannot listen on {config.host}:{config.port} ({error.strerror}). "
            "Another program holds the port; stop it, or choose another with --port "
            "(--port 0 takes a free one).",
            file=sys.stderr,
        )
        return _USAGE_ERROR
    # Connections inherit it: a short answer does not wait for the client to confirm its head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Ctrl-C is the usual end, and uvicorn has closed everything by then.
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(app, listener, follow_stdin=arguments.exit_with_parent))
    return 0


class _AnnouncedServer(uvicorn.Server):
    """Says on standard output when it takes requests, and where."""

    def __init__(self, config: uvicorn.Config, closing: asyncio.Event) -> None:
        super().__init__(config)
        self._closing = closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            print(json.dumps({"ready": True, "base_url": f"http://{host}:{port}"}), flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing.set()
        await super().shutdown(sockets)


async def _serve(app: Starlette, listener: socket.socket, *, follow_stdin: bool) -> None:
    server = _AnnouncedServer(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            date_header=False,  # the simulated one is on the answers
            timeout_graceful_shutdown=_STOP_GRACE_S,
        ),
        app.state.simulator.mishaps.closing,
    )
    if follow_stdin:
        loop = asyncio.get_running_loop()
        threading.Thread(target=_stop_at_eof, args=(server, loop), daemon=True).start()
    await server.serve(sockets=[listener])


def _stop_at_eof(server: uvicorn.Server, loop: asyncio.AbstractEventLoop) -> None:
    # os.read, since a thread blocked in sys.stdin would hold its lock at interpreter exit.
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(setattr, server, "should_exit", True)  # noqa: FBT003 - setattr takes it so


def _parser() -> argparse.ArgumentParser:
    usual = SimulatorConfig()
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    for name, convert, text in (
        ("host", str, "address to listen on"),
        ("port", _port, "port to listen on; 0 takes a free one"),
        ("seed", _natural, "the world is drawn from this number"),
        ("athletes", _natural, "how many made-up people live in the world"),
        ("recorded", str, "a folder of recorded athletes, activities and streams to serve too"),
        ("years", _years, "how far their history goes back; at most 12"),
        ("activities-per-week", _amount, "how often they train"),
        ("client-id", int, "the application's id"),
        ("client-secret", str, "the application's secret"),
        ("callback-domain", str, "host that redirect_uri may have, besides localhost"),
        ("read-limits", _pair, "reads in 15 minutes and in a day, as 100,1000"),
        ("overall-limits", _pair, "calls in 15 minutes and in a day, as 200,2000"),
        ("live-every-s", _amount, "seconds between live events; 0 for none"),
        ("max-points", _positive, "thin streams to at most so many points"),
    ):
        default = getattr(usual, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=convert, default=default, help=text)
    for knob in fields(Knobs):
        parser.add_argument(
            "--" + knob.name.replace("_", "-"),
            type=partial(_turned, knob.name),
            default=knob.default,
            help=knob.metadata["text"],
        )
    parser.add_argument(
        "--now", dest="now_s", type=_instant, help="the world's present at start, ISO 8601"
    )
    parser.add_argument("--save", help="write the world to this new folder instead, and end")
    parser.add_argument(
        "--awkward", action="store_true", help="one activity more of each kind that programs fear"
    )
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="stop when standard input ends"
    )
    return parser


def _turned(name: str, text: str) -> object:
    """A knob from the command line; words stand for themselves, the rest is as in JSON."""
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    try:
        return checked(name, value)
    except FaultError as fault:
        raise argparse.ArgumentTypeError(f"{text} is {fault.error['code']}") from None


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return number


def _natural(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is below 0")
    return number


def _years(text: str) -> float:
    number = _amount(text)
    if number > _MOST_YEARS:
        raise argparse.ArgumentTypeError(f"{text} is above {_MOST_YEARS}: nobody had a watch then")
    return number


def _port(text: str) -> int:
    number = _natural(text)
    if number > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text} is above {_LAST_PORT}")
    return number


def _amount(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 up")
    return number


def _pair(text: str) -> tuple[int, int]:
    quarter, _, day = text.partition(",")
    try:
        return _natural(quarter), _natural(day)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is not two numbers, such as 100,1000") from None


def _instant(text: str) -> float:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text} is not an instant, such as 2026-11-21T12:00:00Z"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


if __name__ == "__main__":
    sys.exit(main())
