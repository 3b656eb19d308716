"""Settings: what is missing or wrong is refused at start, all of it at once, by name."""

from pathlib import Path

import pytest

from paceline.errors import SettingsInvalid
from paceline.runtime.settings import Secret, Settings, environment

RIGHT = {
    "PACELINE_STRAVA_CLIENT_ID": "12345",
    "PACELINE_STRAVA_CLIENT_SECRET": "s3cret-of-the-app",
    "PACELINE_VERIFY_TOKEN": "verify-me",
    "PACELINE_WEBHOOK_SECRET": "0123456789abcdef",
}


def test_the_least_settings_are_enough() -> None:
    settings = Settings.from_env(RIGHT | {"PATH": "/bin"})

    assert settings.strava_client_id == 12_345
    assert settings.home == Path(".paceline")


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsInvalid) as error:
        Settings.from_env({})
    for name in RIGHT:
        assert name in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRAVA_CLIENT_ID", "abc"),
        ("STRAVA_CLIENT_ID", "0"),
        ("STRAVA_CLIENT_SECRET", " "),
        ("WEBHOOK_SECRET", "short"),
        ("WEBHOOK_SECRET", "with/a/slash/inside"),
        ("RUNTIME", "aws"),
        ("STRAVA_API_BASE", "http://www.strava.com"),
        ("STRAVA_SCOPES", "read,profile:read_all"),
        ("STRAVA_SCOPES", "activity:read,activity:write"),
        ("STRAVA_SCOPES", " "),
        ("PUBLIC_URL", "http://example.org"),
        ("PORT", "70000"),
        ("TICK_S", "soon"),
        ("TICK_S", "0"),
        ("REFRESH_S", "nan"),
        ("TYPO", "1"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"PACELINE_{name}"):
        Settings.from_env(RIGHT | {f"PACELINE_{name}": value})


def test_scopes_may_be_chosen_and_the_address_follows_the_port_or_is_given() -> None:
    chosen = {"PACELINE_STRAVA_SCOPES": "activity:read profile:read_all", "PACELINE_PORT": "9000"}
    local = Settings.from_env(RIGHT | chosen)
    public = Settings.from_env(RIGHT | {"PACELINE_PUBLIC_URL": "https://example.org/paceline/"})

    assert local.strava_scopes == "activity:read,profile:read_all"
    assert local.base_url == "http://127.0.0.1:9000"
    assert public.base_url == "https://example.org/paceline"


def test_a_secret_does_not_show_in_errors_or_when_printed() -> None:
    settings = Settings.from_env(RIGHT)
    assert RIGHT["PACELINE_STRAVA_CLIENT_SECRET"] not in repr(settings)
    assert settings.strava_client_secret == Secret("s3cret-of-the-app")

    with pytest.raises(SettingsInvalid) as error:
        Settings.from_env(RIGHT | {"PACELINE_WEBHOOK_SECRET": "tiny/secret"})
    assert "tiny/secret" not in str(error.value)


def test_a_file_gives_what_the_environment_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACELINE_PORT", "9001")
    lines = ["# a comment", "PACELINE_PORT=9000", 'PACELINE_VERIFY_TOKEN="a=b"', "", "nonsense"]
    (tmp_path / ".env").write_text("\n".join(lines))
    found = environment(tmp_path)

    assert found["PACELINE_PORT"] == "9001"
    assert found["PACELINE_VERIFY_TOKEN"] == "a=b"


IN_THE_CLOUD = {
    "PACELINE_STRAVA_CLIENT_ID": "12345",
    "PACELINE_RUNTIME": "gcp",
    "PACELINE_PROJECT": "some-project",
    "PACELINE_BUCKET": "some-project-paceline-dev-bronze",
    "PACELINE_PREFIX": "paceline-dev",
    "PACELINE_DATASET_PREFIX": "paceline_dev_",
}


def test_in_the_cloud_everything_that_names_a_resource_must_be_given() -> None:
    with pytest.raises(SettingsInvalid) as error:
        Settings.from_env({"PACELINE_RUNTIME": "gcp"})
    for name in IN_THE_CLOUD.keys() - {"PACELINE_RUNTIME"}:
        assert f"{name}: missing" in str(error.value)


def test_a_function_in_the_cloud_reads_the_secrets_that_are_mounted_into_it(tmp_path: Path) -> None:
    (tmp_path / "verify_token").mkdir()
    (tmp_path / "verify_token/value").write_text("verify-me\n")
    settings = Settings.from_env(IN_THE_CLOUD | {"PACELINE_SECRETS": str(tmp_path)})

    assert settings.secret("verify_token") == "verify-me"
    with pytest.raises(SettingsInvalid, match="PACELINE_WEBHOOK_SECRET is missing here"):
        settings.secret("webhook_secret")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROJECT", "Some Project"),
        ("BUCKET", "gs://bucket"),
        ("PREFIX", "paceline_dev"),
        ("DATASET_PREFIX", "paceline-dev"),
        ("SECRETS", "/no/such/folder"),
    ],
)
def test_a_name_that_the_cloud_cannot_have_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"PACELINE_{name}: "):
        Settings.from_env(IN_THE_CLOUD | {f"PACELINE_{name}": value})
