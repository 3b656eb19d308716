"""A tenth of the fire: `make fire` is the whole."""

from pathlib import Path

from tests.chaos.fire import TENTH, Fire


def test_after_a_tenth_of_the_fire_everything_equals_the_truth(tmp_path: Path) -> None:
    report = Fire(TENTH, seed=7, home=tmp_path).run()

    assert report.faults == [], str(report)
    assert report.events >= TENTH.events
    assert report.kills >= TENTH.kills
    assert report.refused == 0
    # It burned: each of these has happened, or the test would have shown nothing.
    assert min(report.delivery[name] for name in ("duplicated", "held", "dropped", "forged")) > 0
    assert report.waited > 0
    assert report.healed > 0
    assert report.compared.gone > 0
    assert report.reconnects >= 2
