"""Six days of runs and thirty of rides with everything measured, so that every mart has rows."""

from datetime import timedelta
from typing import Any

from paceline.adapters.local.duckdb import DuckDbWarehouse
from tests.sql.landed import FIRST_DAY, activity, chunks, metric, tables

CURVE = [{"duration_s": d, "value": 400.0 - d / 10} for d in (180, 300, 600, 900, 1200)]


def ride(number: int, *, day: int) -> dict[str, object]:
    """Measured, outdoors, somewhere on the map."""
    return activity(
        number,
        day=day,
        sport_type="Ride",
        device_watts=True,
        distance_m=30_000.0,
        moving_time_s=3600,
        elapsed_time_s=3700,
        elevation_gain_m=300.0,
        gear_id="b1",
        max_heartrate_bpm=170.0,
        summary_polyline="_p~iF~ps|U_ulLnnqC_mqNvxq`@",
        bronze_uri=f"bronze/{number}",
    )


def ridden(number: int) -> dict[str, object]:
    return metric(
        number,
        bronze_uri=f"bronze/streams/{number}",
        points=3600,
        recorded_s=3600,
        power_coverage=1.0,
        average_power_w=200.0,
        normalized_power_w=210.0,
        heartrate_coverage=1.0,
        average_heartrate_bpm=140.0,
        power_curve=CURVE,
        speed_curve=[{"duration_s": 300, "value": 9.0}],
        heartrate_curve=[{"duration_s": 300, "value": 150.0}],
        power_histogram=[{"value": 200, "seconds": 3600}],
        heartrate_histogram=[{"value": 140, "seconds": 3600}],
        efforts=[{"distance_m": 5000, "elapsed_time_s": 600, "start_index": 0, "end_index": 9}],
    )


def somewhere(number: int) -> list[dict[str, object]]:
    """Points enough for cells of the map."""
    (chunk,) = chunks(number)
    points = [
        {"t": t, "lat": 47.1005, "lng": 8.5 + t / 1000, "distance_m": 100.0 * t} for t in range(9)
    ]
    return [chunk | {"points": points, "bronze_uri": f"bronze/streams/{number}"}]


def fill(warehouse: DuckDbWarehouse) -> None:
    setting = {"athlete_id": 1, "version": 1, "op": "upsert", "source": "athlete"}
    watts = setting | {"name": "ftp_w"}
    others = {"threshold_speed_mps": 4.0, "css_mps": 1.2, "weight_kg": 70.0, "max_hr_bpm": 190.0}
    edges = (0, 110, 130, 150, 170)
    others |= {f"heart_rate_zone_{zone}_min": float(e) for zone, e in enumerate(edges, start=1)}
    run: dict[str, Any] = {"distance_m": 5000.0, "elapsed_time_s": 1200, "moving_time_s": 1200}
    effort = {"distance_m": 5000, "elapsed_time_s": 1200, "start_index": 0, "end_index": 1199}
    measured: dict[str, Any] = {"recorded_s": 1200, "efforts": [effort]}
    warehouse.append(
        tables(
            {
                "activities": [
                    *(activity(n, day=n, bronze_uri=f"bronze/{n}") for n in range(5)),
                    activity(5, day=5, bronze_uri="bronze/5", workout_type=1, **run),
                    activity(40, day=4, bronze_uri="bronze/40"),
                    *(ride(100 + n, day=n) for n in range(6, 36)),
                ],
                "metrics": [
                    metric(5, bronze_uri="bronze/streams/5", points=1200, **measured),
                    *(ridden(100 + n) for n in range(6, 36)),
                ],
                "streams": [row for n in range(6, 36) for row in somewhere(100 + n)],
                "gear": [{"athlete_id": 1, "gear_id": "b1", "version": 1, "name": "Bike"}],
                "settings": [
                    watts | {"value": 250.0, "valid_from": FIRST_DAY},
                    watts | {"value": 265.0, "valid_from": FIRST_DAY + timedelta(days=10)},
                    *(
                        setting | {"name": name, "value": value, "valid_from": FIRST_DAY}
                        for name, value in others.items()
                    ),
                ],
            }
        )
    )
    assert warehouse.refresh().blocked == {}
