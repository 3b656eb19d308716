"""Reading what a client sent: bounded bodies, forms of three kinds, and numbers, or not."""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from simulator.faults import FaultError, bad_request

_BODY_LIMIT = 64 * 1024
_MOST_DIGITS = 19
_TRUE = frozenset({"true", "1"})


async def body_of(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > _BODY_LIMIT:
                raise FaultError(413, "Payload Too Large", "Application", "body", "too large")
            chunks.append(chunk)
    except ClientDisconnect:
        raise bad_request("Application", "body", "cut short") from None
    return b"".join(chunks)


async def params_of(request: Request) -> dict[str, str]:
    """Query and form together: Strava takes credentials from either."""
    params = dict(request.query_params)
    body = await body_of(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        sent = _json_object(body).items()
        params |= {name: _as_text(value) for name, value in sent if _is_plain(value)}
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


def bearer_token(request: Request, *, in_query: bool) -> str | None:
    """From the header, or from the parameter that Strava accepts until June 2027."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.query_params.get("access_token") if in_query else None


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
        value = json.loads(
            body or b"{}", parse_int=_int, parse_float=_float, parse_constant=_constant
        )
        # Half of a surrogate pair can be read, and then not be sent on as UTF-8.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise bad_request("Application", "body") from None
    if not isinstance(value, dict):
        raise bad_request("Application", "body")
    return value


def _int(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(text)
    return int(text)


def _float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _constant(text: str) -> float:
    """NaN and Infinity are not JSON, though Python reads them."""
    raise ValueError(text)


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    fields: dict[str, str] = {}
    try:
        for part in BytesParser().parsebytes(head + body).walk():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if isinstance(name, str) and isinstance(content, bytes):
                fields[name] = content.decode("utf-8", "replace")
    except (ValueError, LookupError, RecursionError):
        raise bad_request("Application", "body") from None
    return fields
