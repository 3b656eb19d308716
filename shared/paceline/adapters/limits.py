"""What both runtimes can hold, so that whatever is good on a laptop is good in the cloud."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

METADATA_SUFFIX = ".meta.json"  # kept for the file beside an object
# A document whose time has come may be taken away, some day: Firestore does so by this field.
DELETE_AFTER = "delete_after"
WRITE_ID = "_write_id"  # kept for the field by which Firestore's adapter knows its own writes

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NAME_MAX_BYTES = 1024  # cloud.google.com/storage/docs/objects
_PART_MAX_BYTES = 255 - len(METADATA_SUFFIX)  # what file systems take, less the suffix
_METADATA_MAX_BYTES = 8 * 1024  # of all names and values: cloud.google.com/storage/quotas

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_RESERVED = re.compile(r"__.*__", re.DOTALL)  # firebase.google.com/docs/firestore/quotas
_ID_MAX_BYTES = 1500
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


def check_object_name(name: str) -> None:
    """Raises ValueError for what cannot be the name of an object."""
    if fault := _name_fault(name):
        raise ValueError(
            f"{name!r} cannot be the name of an object: {fault}. A name is a relative path "
            "such as strava/athlete_id=1/activity/1.json.gz."
        )


def _name_fault(name: str) -> str | None:
    parts = name.split("/")
    faults = {
        "it has an empty part, or starts or ends with a slash": not all(parts),
        "a part starts with a dot": any(part.startswith(".") for part in parts),
        f"{METADATA_SUFFIX} is kept for metadata": any(
            part.endswith(METADATA_SUFFIX) for part in parts
        ),
        "it has a control character": _CONTROL.search(name) is not None,
        f"it is over {_NAME_MAX_BYTES} bytes": len(name.encode()) > _NAME_MAX_BYTES,
        f"a part is over {_PART_MAX_BYTES} bytes": any(
            len(part.encode()) > _PART_MAX_BYTES for part in parts
        ),
    }
    return next((fault for fault, found in faults.items() if found), None)


def encode_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Each text as JSON would write it: ASCII in one line, and readable where it was before.

    Raises ValueError when that is more than an object may have.
    """
    encoded = {json.dumps(name)[1:-1]: json.dumps(text)[1:-1] for name, text in metadata.items()}
    size = sum(len(name) + len(text) for name, text in encoded.items())
    if size > _METADATA_MAX_BYTES:
        raise ValueError(f"{size} bytes of metadata are over {_METADATA_MAX_BYTES}.")
    return encoded


def decode_metadata(encoded: Mapping[str, str]) -> dict[str, str]:
    """Inverse of encode_metadata."""
    return {json.loads(f'"{name}"'): json.loads(f'"{text}"') for name, text in encoded.items()}


def check_field(name: str) -> None:
    """Raises ValueError for what a query cannot name."""
    if not _FIELD.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a field: {_FIELD.pattern}")


def check_document(doc_id: str, data: Mapping[str, Any]) -> None:
    """Raises ValueError for what is not JSON, or is JSON that Firestore cannot hold."""
    if fault := _id_fault(doc_id):
        raise ValueError(f"{doc_id!r} cannot be the id of a document: {fault}.")
    if WRITE_ID in data:
        raise ValueError(f"A document cannot have a field {WRITE_ID}: the adapters keep it.")
    _check_value(data, "the document")
    if DELETE_AFTER in data and not _is_instant(data[DELETE_AFTER]):
        raise ValueError(
            f"{DELETE_AFTER} is {data[DELETE_AFTER]!r}: it must be an instant in UTC, as"
            " isoformat() writes it, for the document may be taken away from then on."
        )


def _is_instant(text: Any) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return False
    return moment.tzinfo is not None and moment.astimezone(UTC).isoformat() == text


def _id_fault(doc_id: str) -> str | None:
    faults = {
        "it is empty": not doc_id,
        "it has a slash": "/" in doc_id,
        "it stands for a folder": doc_id in {".", ".."},
        "it is reserved": _RESERVED.fullmatch(doc_id) is not None,
        f"it is over {_ID_MAX_BYTES} bytes": len(doc_id.encode()) > _ID_MAX_BYTES,
    }
    return next((fault for fault, found in faults.items() if found), None)


def _check_value(value: Any, where: str) -> None:
    match value:
        case None | bool() | str():
            return
        case int():
            if not _INT64_MIN <= value <= _INT64_MAX:
                raise ValueError(f"{where}: {value} is over 64 bits")
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{where}: {value} is not JSON compliant")
        case list() | tuple():
            _check_list(value, where)
        case dict():
            _check_fields(value, where)
        case _:
            raise TypeError(f"{where}: a {type(value).__name__} is not JSON")


def _check_list(values: list[Any] | tuple[Any, ...], where: str) -> None:
    for number, value in enumerate(values):
        if isinstance(value, (list, tuple)):
            raise ValueError(f"{where}: a list directly in a list: put it into an object")  # noqa: TRY004 - it has the right type, in the wrong place
        _check_value(value, f"{where}, {number}")


def _check_fields(fields: dict[Any, Any], where: str) -> None:
    for name, value in fields.items():
        if not isinstance(name, str):
            raise TypeError(f"{where}: {name!r} is no text, so it cannot name a field")
        if not name or _RESERVED.fullmatch(name):
            raise ValueError(f"{where}: {name!r} cannot name a field: it is empty or reserved")
        _check_value(value, f"{where}, {name}")
