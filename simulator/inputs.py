"""Reading what a client sent: bounded bodies, forms of three kinds, and numbers, or not."""

import base64
import binascii
import json
from collections.abc import Mapping
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from simulator.faults import FaultError, bad_request

_BODY_LIMIT = 64 * 1024
_MOST_DIGITS = 19
_TRUE = frozenset({"true", "1"})


async def body_of(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _BODY_LIMIT:
            raise FaultError(413, "Payload Too Large", "Application", "body", "too large")
        chunks.append(chunk)
    return b"".join(chunks)


async def params_of(request: Request) -> dict[str, str]:
    """Query and form together: Strava takes credentials from either."""
    params = dict(request.query_params)
    body = await body_of(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        params |= {name: _as_text(value) for name, value in _json_object(body).items()}
    elif kind == "multipart/form-data":
        params |= _multipart(request.headers["content-type"], body)
    else:
        params |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return params


async def json_of(request: Request) -> dict[str, Any]:
    return _json_object(await body_of(request))


def whole_number(params: Mapping[str, str], name: str, default: int | None = None) -> int | None:
    """None when it is absent; a fault when it is no number."""
    text = params.get(name, "").strip()
    if not text:
        return default
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        raise bad_request("Application", name)
    return int(text)


def is_true(text: str | None) -> bool:
    return (text or "").lower() in _TRUE


def bearer_token(request: Request) -> str | None:
    """From the header, or from the parameter that Strava accepts until June 2027."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.query_params.get("access_token")


def basic_credentials(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise bad_request("Application", "body") from None
    if not isinstance(value, dict):
        raise bad_request("Application", "body")
    return value


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser().parsebytes(head + body)
    fields: dict[str, str] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields[name] = content.decode("utf-8", "replace")
    return fields
