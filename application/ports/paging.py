"""Lists in pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

View = TypeVar("View")


@dataclass(frozen=True, slots=True)
class Page(Generic[View]):
    """A part of a list. `more` tells whether anything comes after its last item."""

    items: Sequence[View]
    more: bool
