"""AES-256-GCM with a keyring, so that a key can be rotated: old ones open, the primary seals."""

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from paceline.errors import SettingsInvalid, StoreUnavailable
from paceline.ports import Document

_NONCE_BYTES = 12


class AesGcmCipher:
    def __init__(self, primary: str, keys: Mapping[str, bytes]) -> None:
        self._primary = primary
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}

    def seal(self, plain: bytes, bound_to: bytes) -> Document:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self._primary].encrypt(nonce, plain, bound_to)
        return {"kid": self._primary, "nonce": _text(nonce), "ct": _text(sealed)}

    def open(self, sealed: Document, bound_to: bytes) -> bytes:
        key = self._keys.get(sealed["kid"])
        if key is None:
            raise StoreUnavailable(
                f"A token was sealed with key {sealed['kid']!r}, which the keyring no longer has. "
                "Put the key back, or let the athlete connect again."
            )
        try:
            nonce, text = base64.b64decode(sealed["nonce"]), base64.b64decode(sealed["ct"])
            return key.decrypt(nonce, text, bound_to)
        except (InvalidTag, ValueError) as error:
            raise StoreUnavailable(
                "A stored token does not open: it was altered, or belongs to somebody else. "
                "Let the athlete connect again."
            ) from error


def load_cipher(keyring: Path) -> AesGcmCipher:
    """Read `{"primary": id, "keys": {id: base64 of 32 bytes}}`."""
    try:
        data = json.loads(keyring.read_text())
        keys = {key_id: base64.b64decode(key) for key_id, key in data["keys"].items()}
        if data["primary"] not in keys:
            raise KeyError(data["primary"])
        return AesGcmCipher(data["primary"], keys)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsInvalid(
            f"The keyring {keyring} cannot be read ({type(error).__name__}). Tokens cannot be "
            "opened without it: restore the file from a backup."
        ) from error


def create_keyring(keyring: Path) -> None:
    """Write a keyring with one new key, readable by its owner only, unless there is one."""
    key = base64.b64encode(AESGCM.generate_key(bit_length=256)).decode()
    text = json.dumps({"primary": "k1", "keys": {"k1": key}})
    keyring.parent.mkdir(parents=True, exist_ok=True)
    new = keyring.with_name(f".{keyring.name}.{os.getpid()}")
    new.touch(mode=0o600)
    try:
        new.write_text(text)
        os.link(new, keyring)  # whole or not at all, and never over an existing key
    except FileExistsError:
        pass
    finally:
        new.unlink()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
