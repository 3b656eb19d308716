"""The vault: tokens are encrypted, refreshed once, and stored before they are used."""

import base64
import json
import stat
import threading
from pathlib import Path

import pytest

from paceline.adapters.cipher import AesGcmCipher, create_keyring, load_cipher
from paceline.errors import AccessLost, AthleteUnknown, SettingsInvalid, StoreUnavailable
from paceline.ports import Grant
from tests.builders import ATHLETE
from tests.unit.conftest import House

KEYS = {name: base64.b64decode(name * 43 + "=") for name in "ab"}


def test_a_stored_token_comes_back_and_no_store_holds_it_in_the_open(
    house: House, tmp_path: Path
) -> None:
    house.connect()

    assert house.vault.access_token(ATHLETE) == "access-0"
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*sqlite*"))
    assert str(ATHLETE).encode() in stored
    assert b"access-0" not in stored
    assert b"refresh-0" not in stored


def test_an_expiring_token_is_refreshed_and_the_rotated_one_is_kept(house: House) -> None:
    house.connect()
    house.clock.advance(6 * 3_600 - 60)

    assert house.vault.access_token(ATHLETE) == "access-1"
    house.clock.advance(6 * 3_600)
    assert house.vault.access_token(ATHLETE) == "access-2"  # MemoryStrava refuses a dead one
    assert house.strava.refreshes == 2


def test_many_threads_make_one_exchange(house: House) -> None:
    house.connect()
    house.clock.advance(6 * 3_600)
    tokens: list[str] = []
    threads = [
        threading.Thread(target=lambda: tokens.append(house.vault.access_token(ATHLETE)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert tokens == ["access-1"] * 8
    assert house.strava.refreshes == 1


def test_a_dead_refresh_token_asks_for_a_new_connection_and_connecting_heals(house: House) -> None:
    house.connect()
    house.clock.advance(6 * 3_600)
    house.strava.dead = True
    for _ in range(2):
        with pytest.raises(AccessLost):
            house.vault.access_token(ATHLETE)
    assert house.vault.athletes()[0].status == "needs_reauth"

    house.strava.dead = False
    house.connect()
    assert house.vault.access_token(ATHLETE) == "access-0"


def test_reconnecting_keeps_the_first_day(house: House) -> None:
    house.connect()
    first = house.vault.athletes()[0].connected_at
    house.clock.advance(86_400)
    house.vault.connect(Grant(ATHLETE, house.strava.pair(), ["read"]))

    (athlete,) = house.vault.athletes()
    assert athlete.connected_at == first
    assert athlete.scopes == ("read",)


def test_a_stranger_has_no_token(house: House) -> None:
    with pytest.raises(AthleteUnknown):
        house.vault.access_token(1)


def test_altered_or_foreign_ciphertext_is_refused() -> None:
    cipher = AesGcmCipher("a", KEYS)
    sealed = cipher.seal(b"secret", b"token:1")
    altered = sealed | {"ct": base64.b64encode(b"x" * 22).decode()}

    assert cipher.open(sealed, b"token:1") == b"secret"
    for document, bound_to in ((altered, b"token:1"), (sealed, b"token:2")):
        with pytest.raises(StoreUnavailable):
            cipher.open(document, bound_to)


def test_a_rotated_key_still_opens_and_a_removed_one_is_named() -> None:
    sealed = AesGcmCipher("a", KEYS).seal(b"secret", b"")

    assert AesGcmCipher("b", KEYS).open(sealed, b"") == b"secret"
    with pytest.raises(StoreUnavailable, match="'a'"):
        AesGcmCipher("b", {"b": KEYS["b"]}).open(sealed, b"")


def test_a_keyring_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "keyring.json"
    create_keyring(file)
    sealed = load_cipher(file).seal(b"secret", b"")
    create_keyring(file)

    assert load_cipher(file).open(sealed, b"") == b"secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["keyring.json"]


@pytest.mark.parametrize("text", ["", "[]", '{"primary": "x", "keys": {}}', '{"keys": 3}'])
def test_a_broken_keyring_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "keyring.json"
    file.write_text(text)

    with pytest.raises(SettingsInvalid, match="keyring"):
        load_cipher(file)


def test_tokens_do_not_show_when_printed(house: House) -> None:
    pair = house.strava.pair()

    assert "access-0" not in repr(pair)
    assert "access-0" not in json.dumps(repr(Grant(1, pair, [])))
