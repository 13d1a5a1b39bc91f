"""Numbering plans from libphonenumber's tables: what a number certainly is, without a parse.

A parse takes some 20 us and a validity check as long again; a registration takes 60. The answers
here are those that a parse would give: tests/adapters/test_phones.py compares the two.
"""

import re
from functools import cache
from typing import NamedTuple

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneMetadata,
    PhoneNumberDesc,
    region_code_for_country_code,
)


class Plan(NamedTuple):
    """How the numbers of one calling code are written.

    Attributes:
        code: how many digits the calling code has.
        lengths: how many digits people's numbers have after the calling code. Services have other
            lengths, too: 14 in Russia, only for numbers that begin with 8108.
        kept: those lengths at which what looks like a trunk prefix is part of the number.
        trunk: matches the prefix written before a national number; None if there is none.
        general: matches whatever could be a number, judging by its beginning.
    """

    code: int
    lengths: frozenset[int]
    kept: frozenset[int]
    trunk: re.Pattern[str] | None
    general: re.Pattern[str]

    def keeps(self, national: str) -> bool:
        """Whether the digits after a calling code are certainly a number, and stay unchanged."""
        length = len(national)
        return length in self.kept or (
            length in self.lengths and self.trunk is not None and not self.trunk.match(national)
        )


@cache
def plan_of(beginning: str) -> Plan | None:
    """Return the plan of an international number by its first three digits; None if there is none.

    Raises:
        ValueError: they are not digits.
    """
    codes = [beginning[: length + 1] for length in range(len(beginning))]
    # No code is a prefix of another, and none begins with 0.
    return next(
        (
            _plan(int(code), len(code))
            for code in codes
            if code[0] != "0" and int(code) in COUNTRY_CODE_TO_REGION_CODE
        ),
        None,
    )


def _plan(code: int, length: int) -> Plan | None:
    described = PhoneMetadata.metadata_for_region_or_calling_code(
        code, region_code_for_country_code(code)
    )
    if described is None:
        return None
    possible = _lengths(described.general_desc)
    lengths = _lengths(described.fixed_line) | _lengths(described.mobile) or possible
    trunk = described.national_prefix_for_parsing
    # A parse strips no prefix if the rest would have no possible length.
    kept = lengths
    if trunk:
        kept = {each for each in lengths if trunk.isdigit() and each - len(trunk) not in possible}
    return Plan(
        length,
        frozenset(lengths),
        frozenset(kept),
        re.compile(trunk) if trunk else None,
        _pattern(described.general_desc),
    )


class Home:
    """How people in one region write its numbers: with a trunk prefix, the code, or neither."""

    def __init__(self, region: str) -> None:
        """Take the ISO 3166 code of a region; one without a numbering plan reads no number."""
        described = PhoneMetadata.metadata_for_region(region, None)
        self.code = "" if described is None else str(described.country_code)
        self._plan = plan_of(self.code) if self.code else None
        # If several regions share a code, a parse uses now one region's rules, now another's.
        self._alone = bool(self.code) and region == region_code_for_country_code(int(self.code))
        if described is not None:
            trunk = described.national_prefix_for_parsing or ""
            self._trunk = trunk if trunk.isdigit() else ""
            self._abroad = re.compile(described.international_prefix or r"\Z")
            self._general = _pattern(described.general_desc)
            self._people = _pattern(described.fixed_line, described.mobile)

    def read(self, digits: str) -> str | None:
        """Return a valid number of this region's people in E.164; None if only a parse can tell."""
        plan, people = self._plan, None
        if plan is None or not self._alone or self._abroad.match(digits):
            return None
        people, general, code, trunk = self._people, self._general, self.code, self._trunk
        national = digits
        if not (people.fullmatch(national) and general.fullmatch(national)):
            if trunk and digits.startswith(trunk) and (trunk == code or digits[0] != code[0]):
                national = digits[len(trunk) :]
            elif digits.startswith(code) and not (trunk and digits.startswith(trunk)):
                national = digits[len(code) :]
            else:
                return None
            if (
                general.fullmatch(digits)
                or not people.fullmatch(national)
                or not general.fullmatch(national)
            ):
                return None
        return f"+{code}{national}" if plan.keeps(national) else None


@cache
def home_of(region: str) -> Home:
    """Return the `Home` of a region, made once."""
    return Home(region)


def _lengths(kind: PhoneNumberDesc | None) -> set[int]:
    # If there are no such numbers, the only length listed is -1.
    return set() if kind is None else {each for each in kind.possible_length if each > 0}


def _pattern(*kinds: PhoneNumberDesc | None) -> re.Pattern[str]:
    patterns = [each.national_number_pattern for each in kinds if each is not None]
    return re.compile("|".join(f"(?:{each})" for each in patterns if each) or r"(?!)")
