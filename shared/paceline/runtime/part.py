"""A part of a runtime: built on first use."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

if TYPE_CHECKING:
    from paceline.runtime.base import Ports

T_co = TypeVar("T_co", covariant=True)


class Part(Generic[T_co]):
    """Built on first use, and once, whichever thread is first."""

    def __init__(self, build: "Callable[[Any], T_co]") -> None:
        self._build = build
        self._name = build.__name__

    def __get__(self, runtime: "Ports", _owner: type) -> T_co:
        with runtime.building:
            if self._name not in runtime.built:
                runtime.built[self._name] = self._build(runtime)
            return cast("T_co", runtime.built[self._name])
