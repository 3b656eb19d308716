"""Which streams the commands take."""

import pytest

from paceline.cli.work import _stream_keys
from paceline.errors import SettingsInvalid


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("power", "watts"),
        ("power, heartrate", "heartrate,watts"),
        ("watts,power", "watts"),
        ("all", "all"),
        ("none", "none"),
    ],
)
def test_power_is_another_name_of_watts(asked: str, read: str) -> None:
    assert _stream_keys(asked) == read


def test_a_stream_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(SettingsInvalid, match="no stream 'heartbeat'"):
        _stream_keys("heartbeat,power")
