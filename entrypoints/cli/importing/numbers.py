"""Numbers that a spreadsheet has made of other things: a phone is not 7.91612E+10."""

import re
from typing import Final

CERTAIN: Final = 10**15
"""From here on a spreadsheet has replaced digits with zeros: it keeps fifteen."""
_SCIENTIFIC: Final = re.compile(r"\s*\+?(\d)(?:[.,](\d+))?[eE](\+?)(\d{1,3})\s*")
_FLOAT: Final = re.compile(r"\s*(\+?\d{7,})[.,](\d{1,2})\s*")


_MARKED: Final = re.compile(r"\s*p:\s*(?=\+?\d)")
"""Advertisers export phones as p:+491701234567, so that no spreadsheet makes numbers of them."""


class DigitsLost(ValueError):
    """The digits are lost: nobody can tell what they were."""


def with_digits(text: str) -> str:
    """Return the whole number that a text such as 7.9161234501E+10 is; any other text unchanged.

    Raises:
        DigitsLost: it does not have all its digits.
    """
    found = _SCIENTIFIC.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        return text  # 1e5 may be somebody's name.
    digits, exponent = found[1] + (found[2] or ""), int(found[4])
    if exponent < len(digits) and exponent < 15 and not digits[exponent + 1 :].strip("0"):
        return digits[: exponent + 1]
    raise DigitsLost(f"{text.strip()} is a number that a spreadsheet has cut short")


def phone_digits(text: str) -> str:
    """Return a phone as digits if it has become a number (79161234501.0), or is marked as a phone.

    Raises:
        DigitsLost: there is more than zeros after the point.
    """
    text = text[marked.end() :] if (marked := _MARKED.match(text)) else text
    found = _FLOAT.fullmatch(text)
    if found is None:
        return text
    if found[2].strip("0"):
        raise DigitsLost(f"{text.strip()} is a number with a fraction, and not a phone")
    return found[1]


def cell_text(value: float) -> str:
    """Return a number as a spreadsheet would show it in full; past fifteen digits as 1.2E+16."""
    if abs(value) < CERTAIN and value == int(value):
        return str(int(value))
    return f"{value:.14E}" if abs(value) >= CERTAIN else repr(value)
