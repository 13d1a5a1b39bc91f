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
MAX_LEAD_IDENTITIES: Final = 100
"""Identities of one lead: a person has a dozen, and every page that shows a lead shows them all."""
MAX_KEYS: Final = 1000
"""Valid API keys; every process holds all of them in memory and keeps rereading them."""
MAX_ENDED_SESSIONS: Final = 100
"""Sessions of one key signed out of before they expire; one more ends all of the key's sessions."""
MAX_ENDPOINTS: Final = 100
MAX_ENDPOINT_SOURCES: Final = 1000
MAX_URL: Final = 2000
"""Characters in the URL of an endpoint."""
MAX_REDELIVERED: Final = 2_000
"""Events that one call delivers again."""
MAX_PAYLOAD: Final = 16 * 1024
"""Bytes of a payload as compact JSON in UTF-8."""
MAX_KEY: Final = 64
"""Characters in the key of a source or of an operator."""
KEY: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"
IDENTITY_KIND: Final = r"^[a-z][a-z0-9_]{0,31}$"

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What Unicode calls ignorable (zero width, direction marks, soft hyphen, variation selectors, tags,
# fillers), the byte order mark, annotation marks, the Braille blank, and control characters that
# are not white space. NUL is not among them: no text contains one by mistake.
_UNSEEN = re.compile(
    "[\x01-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_key = re.compile(KEY[:-1] + r"\Z")
_identity_kind = re.compile(IDENTITY_KIND[:-1] + r"\Z")


def storable_text(value: str, field: str) -> str:
    """Return `value` if every database can store it: no NUL character, no lone surrogate."""
    # Most texts are plain ASCII, and checking for that takes a third of the time.
    if (not value.isascii() or "\x00" in value) and _UNSTORABLE.search(value):
        raise InvalidValue(
            f"{field} holds a NUL character or half of a surrogate pair; remove it.", field=field
        )
    return value


def visible(value: str) -> str:
    """Return `value` without invisible characters and without surrounding white space."""
    # Nearly every value is plain ASCII, and checking for that takes a tenth of the time.
    if value.isascii() and value.isprintable():
        return value.strip()
    return _UNSEEN.sub("", value).strip()


def storable(value: str) -> str:
    """Return `value` with U+FFFD for every character that not every database can store."""
    return _UNSTORABLE.sub("\ufffd", value)


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


def key(value: str) -> str:
    """Return `value` if it can be the key of a source or of an operator."""
    if not _key.match(value):
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
