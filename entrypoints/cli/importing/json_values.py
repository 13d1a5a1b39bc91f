"""The values of a row of JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from entrypoints.cli.importing.encodings import Encoding, unread
from entrypoints.cli.importing.records import UNREADABLE, quoted


class _Ambiguous(dict[str, Any]):
    """An object in which names occur twice."""

    twice: frozenset[str] = frozenset()


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    ambiguous = _Ambiguous(values)
    names = [name for name, _ in pairs]
    ambiguous.twice = frozenset(each for each in values if names.count(each) > 1)
    return ambiguous


decoder = json.JSONDecoder(object_pairs_hook=_object)
"""Reads JSON; an object in which a name occurs twice remembers it."""


def values_of(
    text: str, encoding: Encoding, wanted: set[str]
) -> tuple[Mapping[str, Any] | None, str | None]:
    """Return what a row holds, or None and what is wrong with it."""
    if unread(text):
        return None, UNREADABLE.format(encoding=encoding.codec.upper())
    try:
        values = decoder.decode(text)
    except ValueError as error:
        return None, f"the row is not JSON: {error}"
    except RecursionError:
        return None, "the row is not JSON that can be read: it is nested too deeply"
    if not isinstance(values, dict):
        return None, "the row is not a JSON object"
    if isinstance(values, _Ambiguous) and (twice := sorted(values.twice & wanted)):
        return None, f"the row has {quoted(twice)} more than once"
    return values, None
