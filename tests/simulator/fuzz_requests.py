"""Requests to try the simulator with: sensible ones, odd ones, and known troublemakers."""

import json
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

from hypothesis import strategies as st
from starlette.routing import Route

from simulator.grants import SCOPES
from simulator.knobs import Knobs
from tests.simulator.harness import ADA, CALLBACK, CLIENT, NOW_S, Strava, strava

BASIC = b"Basic MTIzNDU6c2ltdWxhdGVkLXNlY3JldA=="
READING = ("GET", "HEAD", "OPTIONS")


def connected() -> tuple[Strava, str, str]:
    """A world with one connected athlete; the same tokens each time, since the seed is the same."""
    sim = strava()
    grants = sim.app.state.simulator.grants
    grant = grants.exchange(grants.authorize(ADA, tuple(sorted(SCOPES)), NOW_S), NOW_S)
    return sim, grant.access_token, grant.refresh_token


SIM, ACCESS, REFRESH = connected()
ROUTES = [
    (route.path, sorted(route.methods))
    for route in SIM.app.routes
    if isinstance(route, Route) and route.methods
]
IDS = [str(a.activity_id) for a in SIM.app.state.simulator.world.activities(ADA)[:4]]

NAMES = st.sampled_from(
    [
        *CLIENT, "code", "grant_type", "refresh_token", "token", "access_token", "redirect_uri",
        "scope", "state", "response_type", "approval_prompt", "decision", "allow activity:read",
        "callback_url", "verify_token", "athlete_id", "page", "per_page", "before", "after", "keys",
        "key_by_type", "include_all_efforts", "seconds", "every_s", "duration_s", "sport_type",
        "name", "private", "gear_id", "crop_s", "distance_scale", "status", "times", "path", "body",
        "read_limits", "overall_limits", "count", "kind", "id", "days", "at", "ids", "object_type",
        *(knob.name for knob in fields(Knobs)),
    ]
) | st.text(max_size=8)  # fmt: skip
USUAL = st.sampled_from(
    [
        *CLIENT.values(), ACCESS, REFRESH, *IDS, str(ADA), CALLBACK, "http://localhost/b",
        "http://localhost/b?x=1#y", "http://[", "http://localhost:99999999/", "code", "auto",
        "deny", "authorization_code", "refresh_token", "approve", "read,activity:read_all",
        "time,latlng", "true", "True", "1", "0", "-1", "Run", "Ride", "Swim", "b1", "empty", "503",
        "1795262400",
    ]
)  # fmt: skip
ODD = st.sampled_from(
    [
        "", "NaN", "-0", "1e9", "1e400", "9" * 19, "9" * 5000, "-" + "9" * 18, "\0", "²", "٣", "..",
        "%00", "a" * 3000, "\u202e", "null", "[]", "\r\nX-Injected: 1", "<script>",
        "\ud7ff\U0010ffff",
    ]
)  # fmt: skip
TEXTS = USUAL | ODD | st.text(max_size=20)
NUMBERS = st.integers(-3, 400) | st.integers() | st.floats() | st.just(ADA) | st.just(10**300)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)
FORMS = st.lists(st.tuples(NAMES, TEXTS), max_size=6)
CONSENT = CLIENT | {"redirect_uri": "http://localhost/b", "athlete_id": str(ADA)}
SENSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "athlete_id": st.just(ADA),
    "duration_s": st.integers(60, 7200) | st.floats(0, 1e6),
    "sport_type": st.sampled_from(["Run", "Ride", "Swim", "WeightTraining", "Yoga", "Quidditch"]),
    "name": TEXTS,
    "private": st.booleans(),
    "gear_id": TEXTS,
    "crop_s": st.integers(0, 4000),
    "distance_scale": st.floats(0.01, 100),
    "seconds": st.floats(0, 4e8) | st.integers(0, 10**9),
    "every_s": st.floats(0, 1e5),
    "scope": st.sampled_from(["read", "activity:read_all", "x"]),
    "read_limits": st.lists(st.integers(0, 5), min_size=2, max_size=2),
    "path": st.just("/act"),
    "status": st.sampled_from([404, 429, 503]),
    "times": st.integers(0, 3),
    "count": st.integers(0, 5),
    "aspect_type": st.sampled_from(["create", "update", "delete"]),
    "hang_share": st.floats(0, 1),
    "rotation": st.just("always"),
    "inactive": st.booleans(),
    "random_ids": st.booleans(),
    "silent_edits": st.booleans(),
    "days_ago": st.integers(0, 40) | st.floats(0, 1e6),
    "start": st.sampled_from(
        ["2026-11-01T10:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59"]
    ),
    "at": st.sampled_from(["2026-11-22T10:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01"]),
    "speed": st.floats(0, 1e4),
    "ftp_w": st.integers(50, 500),
    "weight_kg": st.floats(30, 200),
    "max_hr": st.integers(100, 230),
    "kind": st.sampled_from(["create", "update", "delete", "deauthorize"]),
}
PLANS = st.sets(st.sampled_from(sorted(SENSIBLE)), min_size=1, max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: SENSIBLE[name] for name in sorted(names)})
)
NESTED_PARTS = b"".join(
    b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1)
    for n in range(1150)
)
NASTY = [
    b"[" * 60_000,
    b'{"a":' * 12_000,
    b"x" * 70_000,
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"a=%ff&b=%zz&=&&;",
    b'{"name":1,"name":2}',
    json.dumps(CLIENT | {"client_secret": "\ud800"}).encode(),
    json.dumps(CLIENT | {"redirect_uri": "http://localhost/\ud800"}).encode(),
    json.dumps(CLIENT | {"redirect_uri": "http://[", "callback_url": "http://["}).encode(),
    *(
        b'{"athlete_id":%d,"%s":%s}' % (ADA, name, value)
        for name in (b"hang_s", b"seconds", b"every_s", b"read_limits", b"ftp_w", b"state")
        for value in (b"9" * 4000, b"NaN", b"-Infinity", b"1e400", b"null", b'"\\ud800"', b"[[[]]]")
    ),
    b'--b0\r\nContent-Disposition: form-data; name="token"\r\n\r\nx\r\n--b0--',
    NESTED_PARTS,
]
BODIES = st.one_of(
    st.just(b""),
    PLANS.map(lambda value: json.dumps(value).encode()),
    PLANS.map(lambda value: json.dumps({"athlete_id": ADA} | value).encode()),
    PLANS.map(lambda value: urlencode(CONSENT | value).encode()),
    st.binary(max_size=60),
    st.dictionaries(NAMES, VALUES, max_size=5).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(NAMES, LEAVES, max_size=5)
    .map(lambda value: {"athlete_id": ADA} | value)
    .map(lambda value: json.dumps(value).encode()),
    VALUES.map(lambda value: json.dumps(value).encode()),
    FORMS.map(lambda pairs: urlencode(list(CLIENT.items()) + pairs).encode()),
    FORMS.map(lambda pairs: urlencode(pairs).encode()),
    st.sampled_from(NASTY),
)
KINDS = st.sampled_from(
    [
        b"application/json", b"application/x-www-form-urlencoded", b"multipart/form-data",
        b"multipart/form-data; boundary=b0", b"text/plain; charset=\xff", b"",
    ]
)  # fmt: skip
HEADERS = st.lists(
    st.sampled_from(
        [
            (b"authorization", b"Basic !!!"), (b"authorization", b"Basic /w=="),
            (b"authorization", b"Bearer"), (b"authorization", b"Bearer \xff"),
            (b"host", b"[::"), (b"host", b"a b"),
            (b"content-length", b"-1"), (b"accept", b"\x80"), (b"cookie", b"="),
        ]
    ),
    max_size=2,
)  # fmt: skip
QUERIES = st.one_of(
    FORMS.map(lambda pairs: urlencode(pairs).encode()),
    FORMS.map(lambda pairs: urlencode(list(CONSENT.items()) + pairs).encode()),
    st.binary(max_size=30),
)
KNOWN_IDS = {"activity_id": IDS, "athlete_id": [str(ADA)], "gear_id": ["b1"], "method": ["POST"]}
SEGMENTS = (
    (USUAL | ODD).map(str.encode) | st.binary(max_size=8) | st.sampled_from(IDS).map(str.encode)
)


@dataclass(frozen=True)
class Sent:
    method: str
    raw_path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


def segments(part: str) -> st.SearchStrategy[bytes]:
    known = KNOWN_IDS.get(part.strip("{}").partition(":")[0])
    return SEGMENTS | st.sampled_from(known).map(str.encode) if known else SEGMENTS


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    path, methods = draw(st.sampled_from(ROUTES))
    parts = [
        quote_from_bytes(draw(segments(part)), safe="/") if part.startswith("{") else part
        for part in path.split("/")
    ]
    if draw(st.integers(0, 19)) == 7:
        parts.append(quote_from_bytes(draw(SEGMENTS)))
    odd = draw(st.integers(0, 19)) == 7
    method = draw(st.sampled_from(["PUT", "TRACE", "get", "WÜRFEL"] if odd else methods))
    query = draw(QUERIES)
    who = draw(st.sampled_from([b"Bearer " + ACCESS.encode(), BASIC, b""]))
    headers = [(b"authorization", who), (b"content-type", draw(KINDS)), *draw(HEADERS)]
    body = draw(BODIES) if method not in READING or draw(st.booleans()) else b""
    return Sent(method, "/".join(parts), query, tuple(headers), body)
