"""What a search for leads walks along: lists too long to read, a stretch at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from application.ports.leads import LeadView
from domain.errors import InvalidValue
from domain.ids import LeadId

Passed = Callable[[LeadView], bool]
"""Tells whether a walk passes a lead by."""


class Met(NamedTuple):
    """A lead, and the place on the walk where it was met."""

    place: str
    lead: LeadView


@dataclass(frozen=True, slots=True)
class Walk:
    """A stretch of a walk.

    Attributes:
        met: in the order of the walk; a lead that is met twice on it is listed only the first time.
        stopped: where the walk stopped, for the next stretch to go on from; None if it came to the
            end. It stops when it has met as many leads as were asked for, or has gone far enough.
    """

    met: Sequence[Met]
    stopped: str | None


@dataclass(frozen=True, slots=True)
class WordPlace:
    """A place among the words of names.

    Attributes:
        along: the beginning of a word that the walk goes along.
        word: a word with this beginning.
        lead_id: a lead with this word in its name.
    """

    along: str
    word: str
    lead_id: LeadId

    @classmethod
    def read(cls, place: str) -> "WordPlace":
        """Read back a place from its text; raises InvalidValue."""
        try:
            along, word, lead_id = place.split("/")
            found = cls(along, word, LeadId(UUID(lead_id)))
        except ValueError:
            raise no_place() from None
        if not along or not word.startswith(along):
            raise no_place()
        return found

    def __str__(self) -> str:
        # No word contains a slash: words are letters and digits.
        return f"{self.along}/{self.word}/{self.lead_id.hex}"


def lead_place(place: str) -> LeadId:
    """Read a place among leads; raises InvalidValue."""
    try:
        return LeadId(UUID(place))
    except ValueError:
        raise no_place() from None


def no_place() -> InvalidValue:
    """Return the error for a text that names no place on a walk."""
    return InvalidValue("a search cannot go on from there; search again.", field="after")
