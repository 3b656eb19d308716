"""What landed, as load_silver would load it and the script would build silver of it."""

import json
from collections.abc import Iterable

from paceline.adapters.local.blobs import FileBlobs
from paceline.model.landed import Landed
from paceline.steps.landed_body import Erased, body_of
from tests.builders import as_bytes

# Activity, version and bytes of what landed; None for a tombstone.
Row = tuple[int, int, bytes | None]

LISTED = b"as a list shows it: "


def rows(landed: Landed, kind: str, bronze: FileBlobs) -> list[Row]:
    if landed.op == "tombstone" and landed.kind in {kind, "activity"}:
        return [(landed.activity_id, landed.version, None)]
    if landed.op == "upsert" and landed.kind == kind:
        body = _bytes(landed, bronze)
        return [(landed.activity_id, landed.version, body)] if body else []
    if landed.op == "upsert" and (landed.kind, kind) == ("list", "activity"):
        listed, early = json.loads(_bytes(landed, bronze) or b"[]"), landed.version // 1_000_000
        return [(row["id"], early, LISTED + as_bytes(row)) for row in listed]
    return []


def newest(found: Iterable[Row]) -> dict[int, bytes]:
    """The latest version of each activity, unless it is a tombstone."""
    latest = {activity_id: body for activity_id, _, body in sorted(found, key=lambda row: row[:2])}
    return {activity_id: body for activity_id, body in latest.items() if body is not None}


def _bytes(landed: Landed, bronze: FileBlobs) -> bytes | None:
    """None when they were erased: then Strava has said since that the activity is gone."""
    try:
        return body_of(landed, bronze)
    except Erased:
        return None
