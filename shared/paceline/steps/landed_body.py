"""The bytes that a message of the topic landed points to."""

import gzip
import zlib

from paceline.errors import PayloadInvalid, StoreUnavailable
from paceline.model.bronze import dated, prefix_of, version_of
from paceline.model.landed import Landed
from paceline.ports import Blobs


class Erased(Exception):
    """The object was taken away since it was told of, because its activity is gone."""


def body_of(landed: Landed, bronze: Blobs) -> bytes:
    """Raises Erased, StoreUnavailable where it is missed, and PayloadInvalid where it is cut."""
    blob = bronze.get(landed.bronze_name)
    if blob is None:
        if landed.activity_id and _is_gone_since(landed, bronze):
            raise Erased
        raise StoreUnavailable(f"Bronze has no {landed.bronze_name}; it is asked again later.")
    return unpacked(blob.data)


def unpacked(data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise PayloadInvalid("The bronze object is not gzip, or is cut short.") from error


def _is_gone_since(landed: Landed, bronze: Blobs) -> bool:
    """Whether Strava said later that the activity is no more: that answer stays."""
    folder = prefix_of(landed.athlete_id, "activity", landed.activity_id)
    dates = dated(bronze.names(folder))
    later = [name for name, asked_at in dates if version_of(asked_at) > landed.version]
    found = (bronze.get(name) for name in later)
    return any(blob.metadata.get("op") == "tombstone" for blob in found if blob)
