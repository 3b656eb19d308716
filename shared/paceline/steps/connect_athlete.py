"""An athlete's consent becomes stored tokens."""

from dataclasses import dataclass

from paceline.ports import Grant, StravaOAuth
from paceline.vault import Vault


@dataclass(frozen=True)
class Connecting:
    """What connecting needs."""

    oauth: StravaOAuth
    vault: Vault


def connect(code: str, use: Connecting) -> Grant:
    """Exchange the code of the redirect; the tokens are stored before they are used."""
    grant = use.oauth.exchange(code)
    use.vault.connect(grant)
    return grant
