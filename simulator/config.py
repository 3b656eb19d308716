"""What one simulated Strava is set up with."""

from dataclasses import dataclass, field

from simulator.knobs import Knobs


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    host: str = "127.0.0.1"
    port: int = 8322
    seed: int = 7
    athletes: int = 1
    recorded: str | None = None
    years: float = 4.0
    activities_per_week: float = 4.5
    awkward: bool = False
    client_id: int = 12345
    client_secret: str = "simulated-secret"  # noqa: S105 - a made-up application's made-up secret
    callback_domain: str = "localhost"
    read_limits: tuple[int, int] = (100, 1000)
    overall_limits: tuple[int, int] = (200, 2000)
    live_every_s: float = 0.0
    max_points: int | None = None
    now_s: float | None = None
    knobs: Knobs = field(default_factory=Knobs)
