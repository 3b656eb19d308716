"""Writes a marts.duckdb as the local runtime does: a new file, renamed over the old one."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

_SCHEMA = """
    CREATE TABLE given (
      athlete_id BIGINT, activity_id BIGINT, name VARCHAR, sport_type VARCHAR,
      started_local TIMESTAMP, distance_m DOUBLE, moving_time_s BIGINT,
      elevation_gain_m DOUBLE, average_heartrate_bpm DOUBLE, private BOOLEAN, version BIGINT
    );
"""

_MARTS = """
    CREATE TABLE sports AS
    SELECT *
    FROM (VALUES ('Run', 'run'), ('TrailRun', 'run'), ('Ride', 'ride'), ('Swim', 'swim'))
      AS sport (sport_type, sport_group);
    CREATE TABLE activity_summary AS
    SELECT
      athlete_id, activity_id, name, sport_type,
      CAST(started_local AS DATE) AS local_date,
      year(started_local) AS year, month(started_local) AS month,
      CAST(strftime(started_local - INTERVAL 2 HOUR, '%Y-%m-%d %H:%M:%S+00') AS TIMESTAMPTZ)
        AS started_at,
      started_local, distance_m, distance_m / 1000 AS distance_km, moving_time_s,
      moving_time_s AS elapsed_time_s, elevation_gain_m,
      CASE WHEN distance_m > 0 THEN distance_m * 3.6 / moving_time_s END AS average_speed_kmh,
      CASE WHEN distance_m > 0 THEN moving_time_s * 1000 / distance_m END AS pace_s_per_km,
      average_heartrate_bpm, private, version
    FROM given;
    CREATE TABLE daily_summary AS
    SELECT
      athlete_id, local_date, sport_type, count(*) AS activities, sum(distance_m) AS distance_m,
      sum(moving_time_s) AS moving_time_s, sum(elevation_gain_m) AS elevation_gain_m, year, month
    FROM activity_summary
    GROUP BY ALL;
    CREATE TABLE monthly_summary AS
    SELECT
      athlete_id, year, month, sport_type, sum(activities) AS activities,
      sum(distance_m) AS distance_m, sum(moving_time_s) AS moving_time_s,
      sum(elevation_gain_m) AS elevation_gain_m, count(*) AS active_days
    FROM daily_summary
    GROUP BY ALL;
    DROP TABLE given;
"""


@dataclass(frozen=True)
class Row:
    """One activity of the history that a test gives."""

    athlete_id: int
    activity_id: int
    name: str
    sport_type: str
    started_local: str
    distance_m: float
    moving_time_s: int
    elevation_gain_m: float = 0.0
    average_heartrate_bpm: float | None = None
    private: bool = False
    version: int = 1


def write_marts(path: Path, rows: Iterable[Row], refreshed_at: datetime | None = None) -> None:
    """Readers see the file of before or this one, never half of it."""
    new = path.with_suffix(".new")
    new.write_bytes(_marts(tuple(rows), refreshed_at))
    new.rename(path)


@cache
def _marts(rows: tuple[Row, ...], refreshed_at: datetime | None) -> bytes:
    """A whole file, built once for all tests that show the same history."""
    with TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
        path = Path(folder) / "marts.duckdb"
        connection.execute("ATTACH $path AS fresh", {"path": str(path)})
        connection.execute("USE fresh")
        connection.execute(_SCHEMA)
        if rows:
            places = ", ".join("?" for _ in astuple(rows[0]))
            given = [astuple(row) for row in rows]
            connection.executemany(f"INSERT INTO given VALUES ({places})", given)
        connection.execute(_MARTS)
        if refreshed_at is not None:
            connection.execute(
                "CREATE TABLE freshness AS SELECT CAST($at AS TIMESTAMPTZ) AS refreshed_at",
                {"at": refreshed_at.astimezone(UTC).isoformat()},
            )
        connection.execute("USE memory")
        connection.execute("DETACH fresh")
        return path.read_bytes()
