"""Keys that are made of names."""

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from domain import limits

_LATIN: Final = str.maketrans(
    {
        **dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True)),
        "ж": "zh",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ю": "yu",
        "я": "ya",
        "\u0456": "i",
        "ї": "yi",
        "є": "ye",
        "ґ": "g",
        "ъ": "",
        "ь": "",
        "ß": "ss",
        "ø": "o",
        "ł": "l",
        "æ": "ae",
    }
)
"""How passports write Cyrillic, and letters of which Unicode knows no plain part."""
_ROOM: Final = 8
"""Characters that a number behind a key may take."""


def key_of(name: str, otherwise: str) -> str:
    """Make a key of a name: small Latin letters and digits, with hyphens between the words.

    Args:
        name: of what the key is for.
        otherwise: the key of a name in which no such letter is.
    """
    latin = name.casefold().translate(_LATIN)
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    words = re.findall("[a-z0-9]+", plain)
    return "-".join(words)[: limits.MAX_KEY - _ROOM].strip("-") or otherwise


def free_key(key: str, taken: Collection[str]) -> str:
    """Return a key that is not taken: itself, or with the first number behind it that is free."""
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key}-{number}"
    return free
