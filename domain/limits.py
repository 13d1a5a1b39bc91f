"""The limits of every value that comes from outside, and the checks that hold values to them."""

import re
from functools import lru_cache
from typing import Final

from domain.errors import InvalidValue

MAX_TEXT: Final = 200
"""Characters in a name, an identity's value or an idempotency key."""
MAX_CAPACITY: Final = 1_000_000
MAX_WEIGHT: Final = 1_000_000
MAX_ALLOCATIONS: Final = 1_000
"""Operators on one source."""
MAX_IDENTITIES: Final = 20
"""Identities in one contact."""
MAX_PAYLOAD: Final = 16 * 1024
"""Bytes of a payload as compact JSON in UTF-8."""
SOURCE_KEY: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"
IDENTITY_KIND: Final = r"^[a-z][a-z0-9_]{0,31}$"

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_source_key = re.compile(SOURCE_KEY[:-1] + r"\Z")
_identity_kind = re.compile(IDENTITY_KIND[:-1] + r"\Z")


def storable_text(value: str, field: str) -> str:
    """Return `value` if every database can store it: no NUL character, no lone surrogate."""
    # Most texts are plain ASCII, and seen to be so in a third of the time.
    if (not value.isascii() or "\x00" in value) and _UNSTORABLE.search(value):
        raise InvalidValue(
            f"{field} holds a NUL character or half of a surrogate pair; remove it.", field=field
        )
    return value


def short_text(value: str, field: str) -> str:
    """Return `value` without surrounding white space; 1 to 200 storable characters."""
    value = storable_text(value, field).strip()
    if not 1 <= len(value) <= MAX_TEXT:
        raise InvalidValue(f"{field} must have 1 to {MAX_TEXT} characters.", field=field)
    return value


def whole_number(value: int, field: str, most: int) -> int:
    """Return `value` if it is a whole number from 0 to `most`."""
    if type(value) is not int or not 0 <= value <= most:
        raise InvalidValue(f"{field} must be a whole number from 0 to {most}.", field=field)
    return value


def source_key(value: str) -> str:
    """Return `value` if it can be the key of a source."""
    if not _source_key.match(value):
        raise InvalidValue(
            "key must be 1 to 64 of the characters a-z 0-9 . _ - and begin with a letter or digit.",
            field="key",
        )
    return value


@lru_cache(maxsize=256)
def identity_kind(value: str) -> str:
    """Return `value` if it can be the kind of an identity."""
    if not _identity_kind.match(value):
        raise InvalidValue(
            "an identity's kind must be 1 to 32 of the characters a-z 0-9 _ and begin with a "
            "letter, such as phone, email or telegram.",
            field="lead.identities",
        )
    return value
