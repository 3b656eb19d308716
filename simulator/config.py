"""What one simulated Strava is set up with."""

from dataclasses import dataclass
from typing import Literal

Rotation = Literal["never", "sometimes", "always"]


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    host: str = "127.0.0.1"
    port: int = 8322
    seed: int = 7
    athletes: int = 1
    years: float = 4.0
    activities_per_week: float = 4.5
    client_id: int = 12345
    client_secret: str = "simulated-secret"  # noqa: S105 - a made-up application's made-up secret
    callback_domain: str = "localhost"
    read_limits: tuple[int, int] = (100, 1000)
    overall_limits: tuple[int, int] = (200, 2000)
    rotation: Rotation = "sometimes"
    webhook_attempts: int = 3
    webhook_gap_s: float = 60.0
    webhook_timeout_s: float = 2.0
    live_every_s: float = 0.0
    not_found_lag_s: float = 0.0
    streams_lag_s: float = 0.0
    max_points: int | None = None
    now_s: float | None = None
