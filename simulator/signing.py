"""The signature of an event, as https://developers.strava.com/docs/webhookexample/ checks it."""

import hashlib
import hmac

SIGNATURE_HEADER = "X-Strava-Signature"


def signature(secret: str, body: bytes, now_s: float) -> str:
    stamp = str(int(now_s))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"t={stamp},v1={digest.hexdigest()}"
