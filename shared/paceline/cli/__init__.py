"""The command `paceline`: one function a command, errors that say what to do, no traceback."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paceline.errors import PacelineError
from paceline.model.given import WORDS


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except PacelineError as error:
        print(f"paceline: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paceline",
        description="An athlete's training history, in a warehouse that the athlete owns.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    _add_running(commands)
    _add_work(commands)

    refresh = commands.add_parser("refresh", help="rebuild the marts (while nothing else runs)")
    refresh.add_argument("--full", action="store_true", help="everything, not only what changed")
    refresh.set_defaults(run=_refresh)

    rebuild = commands.add_parser(
        "rebuild", help="silver and marts from bronze alone (while nothing else runs)"
    )
    rebuild.set_defaults(run=_rebuild)

    _add_settings(commands)
    _add_explain(commands)
    _add_balance(commands)

    _add_asking(commands)
    return parser


def _add_running(commands: Any) -> None:
    """What brings activities here."""
    demo = commands.add_parser("demo", help="run everything against a simulated Strava")
    demo.add_argument("--check", action="store_true", help="bounded, headless; exits 0 or 1")
    demo.add_argument("--years", type=float, default=None, help="years of history to import")
    demo.add_argument(
        "--runtime",
        choices=["local", "gcp-emulated"],
        default="local",
        help="gcp-emulated: the cloud's runtime over emulators on this machine",
    )
    demo.add_argument("--seed", type=int, default=7, help="which simulated world")
    demo.set_defaults(run=_demo)

    up = commands.add_parser("up", help="run the local service")
    up.add_argument(
        "--exit-with-parent", action="store_true", help="stop when standard input closes"
    )
    up.set_defaults(run=_up)

    connect = commands.add_parser("connect", help="connect an athlete")
    connect.add_argument("code", nargs="?", help="the code, or the address you were sent back to")
    connect.add_argument(
        "--listen", action="store_true", help="wait here for the browser instead of a paste"
    )
    connect.set_defaults(run=_connect)

    subscribe = commands.add_parser("subscribe", help="the push subscription")
    subscribe.add_argument("action", choices=["list", "create", "delete"])
    subscribe.add_argument("--url", help="where the internet reaches receive_webhook")
    subscribe.add_argument(
        "--replace", action="store_true", help="delete a subscription to another address first"
    )
    subscribe.set_defaults(run=_subscribe)


def _add_asking(commands: Any) -> None:
    status = commands.add_parser("status", help="budget, backlog, freshness")
    status.add_argument("--json", action="store_true", help="for a script")
    status.set_defaults(run=_status)
    doctor = commands.add_parser("doctor", help="is everything there, and does it answer?")
    doctor.add_argument("--json", action="store_true", help="for a script")
    doctor.set_defaults(run=_doctor)


def _add_settings(commands: Any) -> None:
    settings = commands.add_parser(
        "settings",
        help="thresholds, heart rates and weight, each from its day on",
        description="Settings: " + ", ".join(word.example for word in WORDS.values()),
    )
    actions = settings.add_subparsers(required=True, metavar="ACTION", dest="action")
    for name, told in (
        ("set", "such as: set ftp=265 from 2026-03-01; without a day from today on"),
        ("unset", "take back what was set by hand, of all days or: unset ftp from 2026-03-01"),
    ):
        action = actions.add_parser(name, help=told, description=told)
        action.add_argument("words", nargs="+", metavar="WORD", help="settings [from DAY]")
    for name, told in (
        ("list", "what the marts are built with"),
        ("history", "everything that was ever set by hand"),
    ):
        action = actions.add_parser(name, help=told, description=told)
        action.add_argument("--json", action="store_true", help="for a script")
    for action in actions.choices.values():
        action.add_argument("--athlete", type=int, help="whose they are, where there are several")
    settings.set_defaults(run=_settings)


def _add_explain(commands: Any) -> None:
    explain = commands.add_parser("explain", help="where a number of a mart comes from")
    explain.add_argument("mart", help="its name, or the beginning of it")
    explain.add_argument("key", nargs="*", help="such as 2026-05-01, or column=value")
    explain.add_argument("--athlete", type=int, help="whose row")
    explain.add_argument("--column", help="one number of it alone, such as ctl")
    explain.add_argument("--json", action="store_true", help="for a script")
    explain.set_defaults(run=_explain)


def _add_balance(commands: Any) -> None:
    balance = commands.add_parser("balance", help="how much of W' a ride with power used")
    balance.add_argument("activity_id", type=_natural, metavar="ACTIVITY_ID")
    balance.add_argument("--cp-w", type=float, help="critical power in watts; default: the marts'")
    balance.add_argument("--w-prime-j", type=float, help="W' in joules, of the same test")
    balance.add_argument("--json", action="store_true", help="for a script")
    balance.set_defaults(run=_balance)


def _add_work(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """What an operator sets going."""
    backfill = commands.add_parser("backfill", help="import the history of connected athletes")
    backfill.add_argument("athlete", nargs="?", type=int, help="one athlete; default: all")
    backfill.add_argument("--since", metavar="DAY", help="leave out what started before")
    backfill.add_argument("--until", metavar="DAY", help="leave out what started on it or later")
    backfill.add_argument(
        "--ids",
        nargs="+",
        type=int,
        metavar="ID",
        help="these activities only, also when they are here",
    )
    backfill.add_argument("--limit", type=_natural, help="at most so many activities")
    backfill.add_argument(
        "--streams", default="all", help="all, none, or names such as heartrate,cadence"
    )
    backfill.add_argument("--dry-run", action="store_true", help="list, count and stop")
    backfill.add_argument("--wait", action="store_true", help="show progress to the end")
    backfill.set_defaults(run=_backfill)

    sync = commands.add_parser("sync", help="ask for some activities now")
    sync.add_argument("ids", nargs="+", type=int, metavar="ID")
    sync.add_argument("--athlete", type=int, help="whose they are, where there are several")
    sync.set_defaults(run=_sync)

    reconcile = commands.add_parser("reconcile", help="compare Strava's list with ours, and heal")
    reconcile.add_argument("athlete", nargs="?", type=int, help="one athlete; default: all")
    reconcile.add_argument("--full", action="store_true", help="the whole history")
    reconcile.set_defaults(run=_reconcile)

    replay = commands.add_parser("replay", help="try again what was given up on")
    replay.set_defaults(run=_replay)


def _natural(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def project_root() -> Path:
    """The folder with functions/ and sql/: where we are, or where this code lives."""
    here = Path.cwd()
    return here if (here / "functions").is_dir() else Path(__file__).parents[3]


# A command imports what it needs when it runs: `paceline --help` answers at once.
# ruff: noqa: PLC0415


def _demo(arguments: argparse.Namespace) -> int:
    from paceline.cli.demo import check, show

    run = check if arguments.check else show
    return run(project_root(), arguments.runtime, seed=arguments.seed, years=arguments.years)


def _up(arguments: argparse.Namespace) -> int:
    from paceline.cli.up import up

    return up(exit_with_parent=arguments.exit_with_parent)


def _connect(arguments: argparse.Namespace) -> int:
    from paceline.cli.connect import connect

    return connect(arguments.code, listen=arguments.listen)


def _subscribe(arguments: argparse.Namespace) -> int:
    from paceline.cli.subscribe import subscribe

    return subscribe(arguments.action, arguments.url, replace=arguments.replace)


def _backfill(arguments: argparse.Namespace) -> int:
    from paceline.cli.work import backfill

    return backfill(arguments)


def _sync(arguments: argparse.Namespace) -> int:
    from paceline.cli.work import sync

    return sync(arguments)


def _reconcile(arguments: argparse.Namespace) -> int:
    from paceline.cli.work import reconcile

    return reconcile(arguments)


def _replay(_arguments: argparse.Namespace) -> int:
    from paceline.cli.work import replay

    return replay()


def _refresh(arguments: argparse.Namespace) -> int:
    from paceline.cli.status import refresh

    return refresh(full=arguments.full)


def _rebuild(_arguments: argparse.Namespace) -> int:
    from paceline.cli.rebuild import rebuild

    return rebuild()


def _explain(arguments: argparse.Namespace) -> int:
    from paceline.cli.explain import explain

    return explain(arguments)


def _balance(arguments: argparse.Namespace) -> int:
    from paceline.cli.balance import balance

    return balance(arguments)


def _settings(arguments: argparse.Namespace) -> int:
    from paceline.cli.settings import settings

    return settings(arguments)


def _doctor(arguments: argparse.Namespace) -> int:
    from paceline.cli.doctor import doctor

    return doctor(as_json=arguments.json)


def _status(arguments: argparse.Namespace) -> int:
    from paceline.cli.status import status

    return status(as_json=arguments.json)
