"""Two buckets over two windows: https://developers.strava.com/docs/rate-limits/.

Windows are the natural quarters of an hour and the UTC day. Rejected calls count too.
"""

from dataclasses import dataclass

from simulator.knobs import UsageHeaders

_QUARTER_S = 900
_DAY_S = 86_400


@dataclass
class Bucket:
    limits: tuple[int, int]
    used_quarter: int = 0
    used_day: int = 0

    @property
    def exceeded(self) -> bool:
        return self.used_quarter > self.limits[0] or self.used_day > self.limits[1]


class Quota:
    def __init__(self, read_limits: tuple[int, int], overall_limits: tuple[int, int]) -> None:
        self.read = Bucket(read_limits)
        self.overall = Bucket(overall_limits)
        self.refused = 0
        self._quarter = -1
        self._day = -1

    def set_limits(self, read: tuple[int, int], overall: tuple[int, int]) -> None:
        """What was used stays used."""
        self.read.limits = read
        self.overall.limits = overall

    def count_read(self, now_s: float) -> str | None:
        """Count one call; the name of the limit that refuses it, if one does."""
        self.roll(now_s)
        for bucket in (self.read, self.overall):
            bucket.used_quarter += 1
            bucket.used_day += 1
        if not (self.overall.exceeded or self.read.exceeded):
            return None
        self.refused += 1
        return "overall rate limit" if self.overall.exceeded else "read rate limit"

    def roll(self, now_s: float) -> None:
        quarter, day = int(now_s // _QUARTER_S), int(now_s // _DAY_S)
        for bucket in (self.read, self.overall):
            if quarter != self._quarter:
                bucket.used_quarter = 0
            if day != self._day:
                bucket.used_day = 0
        self._quarter, self._day = quarter, day

    def headers(self, kind: UsageHeaders, *, usual: bool) -> list[tuple[bytes, bytes]]:
        """In the casing that is seen on the wire; `usual` says whether this answer has them."""
        if kind == "nowhere" or not (usual or kind == "everywhere"):
            return []
        read_usage = _pair(self.read.used_quarter, self.read.used_day)
        return [
            (b"X-Ratelimit-Limit", _pair(*self.overall.limits)),
            (b"X-Ratelimit-Usage", _pair(self.overall.used_quarter, self.overall.used_day)),
            (b"X-Readratelimit-Limit", _pair(*self.read.limits)),
            (b"X-Readratelimit-Usage", b"," if kind == "malformed" else read_usage),
        ]

    def report(self, now_s: float) -> dict[str, object]:
        self.roll(now_s)
        buckets: dict[str, object] = {
            name: {
                "limits": list(bucket.limits),
                "used_quarter": bucket.used_quarter,
                "used_day": bucket.used_day,
            }
            for name, bucket in (("read", self.read), ("overall", self.overall))
        }
        return buckets | {"refused": self.refused}


def _pair(quarter: int, day: int) -> bytes:
    return f"{quarter},{day}".encode()
