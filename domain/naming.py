"""Keys made from names."""

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
"""Cyrillic as passports write it, and Latin letters that Unicode does not decompose."""
_ROOM: Final = 8
"""Characters left free for a number after a key."""


def key_of(name: str, otherwise: str) -> str:
    """Make a key from a name: lower-case Latin letters and digits, with hyphens between words.

    Args:
        name: the name of what the key is for.
        otherwise: the key if the name yields no such letter or digit.
    """
    latin = name.casefold().translate(_LATIN)
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    words = re.findall("[a-z0-9]+", plain)
    return "-".join(words)[: limits.MAX_KEY - _ROOM].strip("-") or otherwise


def free_key(key: str, taken: Collection[str]) -> str:
    """Return the key itself if it is free, else the key with the first free number after it."""
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key}-{number}"
    return free
