"""Endpoints as pages show them: what people call one, and the form by which one is changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from application.fairlead import Fairlead
from application.ports.endpoints import EndpointView
from application.ports.paging import Page
from domain.endpoint import EndpointChange, EndpointState, Inclusion
from domain.errors import DomainError, InvalidValue
from domain.event_type import EventType
from entrypoints.console.choosing import offered_sources
from entrypoints.console.filled import Filled, Sentence, conflict, refused, seen
from entrypoints.console.reasons import known_reason
from entrypoints.console.words import N_

_TYPE: Final = "type:"
_SOURCE: Final = "source:"
_INCLUDE: Final = "include:"
"""How the names of the form's boxes begin: a form has one value for each name."""
_NOW: Final = {"types": N_("all"), "sources": N_("all"), "include": N_("nothing")}
"""What is read where nothing is ticked."""


def name_of(endpoint: EndpointView) -> str:
    """Return what people call it: its description, else the host. The rest may be a secret."""
    return endpoint.description or urlsplit(endpoint.url).hostname or endpoint.url


def ails(endpoint: EndpointView) -> bool:
    """Tell whether it does not get what happens."""
    return endpoint.state is EndpointState.DISABLED or endpoint.failing_since is not None


@dataclass(frozen=True)
class Boxes:
    """The boxes of a form.

    Attributes:
        ticked: the names of those that are ticked.
        sources: keys and names of the sources that can be ticked.
    """

    ticked: Collection[str]
    sources: Page[tuple[str, str]]

    @classmethod
    def of(cls, fairlead: Fairlead, filled: Filled, endpoint: EndpointView | None) -> "Boxes":
        """Return the boxes of a refused form, else as they are stored.

        Sources that are ticked can be ticked, even if there are too many to offer them all.
        """
        ticked = set(filled.given) if filled.form else _ticked(endpoint)
        offered = offered_sources(fairlead)
        others = sorted(set(_after(_SOURCE, ticked)) - {key for key, _ in offered.items})
        return cls(ticked, Page([*((each, each) for each in others), *offered.items], offered.more))

    @property
    def of_types(self) -> list[str]:
        """The types that are ticked."""
        return _after(_TYPE, self.ticked)

    @property
    def of_sources(self) -> list[str]:
        """The sources that are ticked."""
        return _after(_SOURCE, self.ticked)


def read(given: Mapping[str, str]) -> EndpointChange:
    """Read a form; raises InvalidValue."""
    try:
        types = [EventType(each) for each in _after(_TYPE, given)]
        include = [Inclusion(each) for each in _after(_INCLUDE, given)]
    except ValueError:
        raise InvalidValue("there is no such box.", field="form") from None
    return EndpointChange(
        url=given.get("url", "").strip(),
        types=types,
        sources=_after(_SOURCE, given),
        include=include,
        description=given.get("description", "").strip(),
    )


def shown_settings(endpoint: EndpointView | EndpointChange) -> str:
    """Return the digest of the values that the form shows."""
    return seen(*_values(endpoint).values())


def change_of(current: EndpointView, wanted: EndpointChange) -> EndpointChange | None:
    """Return what is wanted otherwise than it is; None if nothing is.

    A URL that stays need not be known at this moment.
    """
    is_now, to_be = _values(current), _values(wanted)
    differing: dict[str, Any] = {
        name: getattr(wanted, name) for name in to_be if to_be[name] != is_now[name]
    }
    return EndpointChange(**differing) if differing else None


def not_taken(form: str, given: Mapping[str, str], error: DomainError) -> Filled:
    """Return the refused form; of a URL, what exactly is wrong with it."""
    filled = refused(form, given, error, {"source": "sources"})
    known = known_reason(error.detail)
    if known is None:
        return filled
    return replace(filled, problems=dict.fromkeys(filled.problems, known))


def set_beside(form: str, given: Mapping[str, str], current: EndpointView) -> Filled | None:
    """Set what was typed beside what somebody else has saved; None if nothing differs."""
    theirs = _values(current)
    mine = _values(read(given))
    shown = {name: Sentence(text) for name, text in _NOW.items() if not theirs[name]}
    return conflict(form, {**given, **mine}, theirs, shown_settings(current), shown)


def _ticked(endpoint: EndpointView | None) -> set[str]:
    if endpoint is None:
        return set()
    return {
        *(f"{_TYPE}{each.value}" for each in endpoint.types),
        *(f"{_SOURCE}{each}" for each in endpoint.sources),
        *(f"{_INCLUDE}{each.value}" for each in endpoint.include),
    }


def _values(endpoint: EndpointView | EndpointChange) -> dict[str, str]:
    """Return what the form shows, as texts by field."""
    return {
        "url": endpoint.url or "",
        "description": endpoint.description or "",
        "types": ", ".join(sorted(endpoint.types or ())),
        "sources": ", ".join(sorted(endpoint.sources or ())),
        "include": ", ".join(sorted(endpoint.include or ())),
    }


def _after(beginning: str, names: Collection[str]) -> list[str]:
    return [each.removeprefix(beginning) for each in names if each.startswith(beginning)]
