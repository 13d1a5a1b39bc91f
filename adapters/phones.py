"""Phone numbers by libphonenumber: a text is one only if it is certainly one number."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from adapters.numbering import Home, home_of, plan_of
from domain.errors import InvalidIdentity, Unreadable

_MOST: Final = 64
"""Characters. A longer text is not looked at: no spelling of a number is that long."""

_SEPARATORS = re.compile(r"[ ()\-.]+")
_DIGITS = re.compile(r"\+?[0-9]+")
# What other programs and scripts put before a number or between its digits.
_LABEL = re.compile(r"(?:tel:|whatsapp:|['\u2018\u2019])\s*", re.IGNORECASE)
_PLUS = re.compile("[\uff0b\ufe62]")
_RARE_SEPARATORS = re.compile(
    r"[\s()\[\]\-.\u00b7\u2010-\u2015\u2022\u2043\u2212\u30fb\u30fc\ufe58\ufe63\uff08\uff09\uff0d"
    r"\uff0e]+"
)
_SECOND = re.compile(r"[0-9][^0-9]*[\n\r\t\v\f\x85\u2028\u2029][^0-9]*[0+]")
"""A second line, or table cell, that begins the way a number does."""
_LONE_8 = re.compile(r"[^0-9]*\+[^0-9]*8[^0-9]")
_EXTENSION = re.compile(
    r"(.*[0-9])[\s.(]*+"
    r"(?:[,;]*+\s*+(?:e?xt(?:ensio)?n?|доб(?:авочный)?|вн(?:утренний)?|int|anexo|ramal|poste|x|х|\u00d7)"
    r"|[#,;]++)[\s.:=#]*+[0-9]{1,6}[\s)]*+",
    re.IGNORECASE | re.DOTALL,
)
_MASK = re.compile(r"[\W_xх]*", re.IGNORECASE)

_UP: Final = "01234567890"
_DOWN: Final = "09876543210"
_SAME: Final = frozenset(digit * most for digit in "0123456789" for most in range(1, 8))

_EXAMPLE: Final = "write it with its country code, such as +79161234567"
_DETAILS: Final = {
    Unreadable.NOT_A_PHONE: f"is not a phone number; {_EXAMPLE}.",
    Unreadable.EXTENSION: "has an extension, so several people share the number; if it belongs to "
    f"one person alone, {_EXAMPLE}.",
    Unreadable.PLACEHOLDER: "is what people type instead of their number, so it is nobody's; if "
    f"there is a real one, {_EXAMPLE}.",
    Unreadable.AMBIGUOUS: f"can be read as more than one phone number; {_EXAMPLE}.",
}


def plain_phone(text: str) -> bool:
    """Whether a text is already E.164, certainly a number, and not a placeholder.

    For any other text, `read_phone` finds out what it is.
    """
    # 1.1 us; a parse would take 20, and two would be needed.
    digits = text[1:]
    if text[:1] != "+" or not (7 <= len(digits) <= 15 and digits.isascii() and digits.isdigit()):
        return False
    plan = plan_of(digits[:3])
    if plan is None:
        return False
    national = digits[plan.code :]
    return plan.keeps(national) and not _made_up(national, digits)


def read_phone(text: str, region: str) -> str:
    """Return the number that a text certainly is, in E.164.

    Args:
        text: a number as people and programs write it, without invisible characters.
        region: whose numbers may come without a country code.

    Raises:
        InvalidIdentity: the text is not a number, not certainly one number, or a placeholder.
    """
    try:
        return _read(text, home_of(region), region)
    except _Unread as unread:
        raise InvalidIdentity(
            f"{text!r} {_DETAILS[unread.reason]}",
            field="lead.identities.phone",
            reason=unread.reason,
        ) from None


def other_spellings(number: str) -> tuple[str, ...]:
    """Return the other E.164 numbers under which the person with this one may be known.

    The numbering plan has both, or had both for so long that both are sent, so neither is
    rewritten. Mobiles only: with a 9 in front, a landline number would belong to somebody else.
    """
    if number.startswith("+55"):
        # Brazil, +55 AA 9NNNN-NNNN: the 9 was added after 2012, and WhatsApp still omits it.
        if len(number) == 14 and number[5] == "9" and number[6] in "6789":
            return (number[:5] + number[6:],)
        if len(number) == 13 and number[5] in "6789":
            return (f"{number[:5]}9{number[5:]}",)
    elif number.startswith("+54"):
        # Argentina, +54 9 AA NNNN-NNNN: the 9 marks a mobile for callers from abroad.
        if len(number) == 14 and number[3] == "9":
            return (number[:3] + number[4:],)
        if len(number) == 13 and number[3] in "123":
            return (f"+549{number[3:]}",)
    return ()


class _Unread(Exception):
    def __init__(self, reason: Unreadable) -> None:
        super().__init__(reason)
        self.reason = reason


def _read(text: str, home: Home, region: str) -> str:
    # Nothing below takes long on a short text.
    if len(text) > _MOST:
        raise _Unread(Unreadable.NOT_A_PHONE)
    compact = _SEPARATORS.sub("", text)
    if not _DIGITS.fullmatch(compact):
        compact = _unusual(text, home, region)
    return _number(compact, home, region, lone_8=_LONE_8.match(text) is not None)


def _unusual(text: str, home: Home, region: str) -> str:
    """Return the digits of a text with unusual separators, after its plus if it has one."""
    text = _PLUS.sub("+", _LABEL.sub("", text, count=1) if _LABEL.match(text) else text)
    text = "".join(str(unicodedata.decimal(each, each)) for each in text)
    if "/" in text:
        text = _without_slash(text)
    compact = _RARE_SEPARATORS.sub("", text)
    if _DIGITS.fullmatch(compact) and not _SECOND.search(text):
        return compact
    if extended := _EXTENSION.fullmatch(text):
        number = _RARE_SEPARATORS.sub("", extended[1])
        if _DIGITS.fullmatch(number):
            _number(number, home, region)
            raise _Unread(Unreadable.EXTENSION)
    # What a form sends if its phone field was not filled in: +7 (___) ___-__-__
    mask = _MASK.sub("", text)
    if "_" in text and len(mask) <= 3 and mask.isdigit():
        raise _Unread(Unreadable.PLACEHOLDER)
    raise _Unread(Unreadable.NOT_A_PHONE)


def _without_slash(text: str) -> str:
    """Remove the slash after an area code; a slash may also separate two numbers."""
    before, _, after = text.partition("/")
    town, rest = (sum(map(str.isdigit, each)) for each in (before, after))
    marked = before.lstrip()[:1] in {"+", "0", "("}
    if town <= (8 if marked else 4) and rest >= 5 and after.lstrip()[:1] not in {"0", "+"}:
        return f"{before} {after}"
    raise _Unread(Unreadable.NOT_A_PHONE)


def _number(compact: str, home: Home, region: str, *, lone_8: bool = False) -> str:
    abroad = compact.removeprefix("+")
    if abroad == compact and compact.startswith("00"):
        abroad = compact[2:]
    if _is_pattern(abroad) or ((plan := plan_of(abroad[:3])) and len(abroad) == plan.code):
        raise _Unread(Unreadable.PLACEHOLDER)
    if abroad == compact:
        found = home.read(compact) or _bare(compact, region)
    elif abroad.startswith("8") and compact.startswith("+"):
        found = _plus_8(abroad, home, region, lone=lone_8)
    else:
        found = _international(abroad)
    if found is None:
        raise _Unread(Unreadable.NOT_A_PHONE)
    if _made_up(_national(found), found[1:]):
        raise _Unread(Unreadable.PLACEHOLDER)
    return found


def _bare(digits: str, region: str) -> str | None:
    """Read digits without a plus: a number of the region, else one that lost only its plus.

    A number that the plan does not know yet is accepted if it cannot be anything else.
    """
    national = _parsed(digits, region)
    if national is not None and _valid(national):
        return national
    international = _international(digits)
    if international is not None and _valid(international):
        return international
    if national is None or _made_up(_national(national), national[1:]):
        return national
    if not _viable(national):
        return None
    if international is not None:
        raise _Unread(Unreadable.AMBIGUOUS)
    return national


def _plus_8(digits: str, home: Home, region: str, *, lone: bool) -> str | None:
    """Read what begins with +8: a Russian habit, or a country whose code begins with 8."""
    national = None
    if home.code == "7":
        national = home.read(digits) or _parsed(digits, region)
        if national is not None and not _valid(national):
            national = None
    if lone:
        # No country has the code 8.
        return national
    international = _international(digits)
    if national is not None and (international is None or not _valid(international)):
        return national
    return international


def _international(digits: str) -> str | None:
    if digits.startswith("521") and len(digits) == 13:
        # Mexico's mobiles had a 1 until 2020; no number there has eleven digits any more.
        digits = f"52{digits[3:]}"
    elif digits.startswith("229") and len(digits) == 11:
        # Benin put 01 in front of all its numbers in 2024; none has eight digits any more.
        digits = f"22901{digits[3:]}"
    plan = plan_of(digits[:3])
    if plan is None:
        return None
    if len(digits) <= 15 and plan.keeps(digits[plan.code :]):
        return f"+{digits}"
    return _parsed(f"+{digits}", None)


@lru_cache(maxsize=10_000)
def _parsed(text: str, region: str | None) -> str | None:
    """Return E.164 if the library takes this for a possible number, and reads E.164 as the same.

    A second parse may shorten what the first returned (+55 0 0... loses a zero each time); only a
    number that stays the same can be found again.
    """
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    # Possible, not valid: numbering plans change faster than any library's tables, and a customer
    # must not be turned away for having a new number. A number that is possible only within a town
    # does not count: every town has one, and they would become one lead.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    found = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    plan = plan_of(found[1:4])
    if plan is None:
        return None
    if plan.keeps(found[1 + plan.code :]):
        return found
    if len(found) - 1 - plan.code not in plan.lengths and not phonenumbers.is_valid_number(number):
        return None
    again = phonenumbers.parse(found)
    return found if phonenumbers.format_number(again, PhoneNumberFormat.E164) == found else None


@lru_cache(maxsize=10_000)
def _valid(number: str) -> bool:
    """Whether a numbering plan contains a number, or another spelling of it."""
    return any(
        phonenumbers.is_valid_number(phonenumbers.parse(each))
        for each in (number, *other_spellings(number))
    )


def _viable(number: str) -> bool:
    plan = plan_of(number[1:4])
    return plan is not None and plan.general.fullmatch(_national(number)) is not None


def _national(number: str) -> str:
    plan = plan_of(number[1:4])
    return number[1 + plan.code :] if plan else ""


def _is_pattern(digits: str) -> bool:
    return digits in _UP or digits in _DOWN or digits == digits[:1] * len(digits)


def _made_up(national: str, digits: str) -> bool:
    """Whether a number is a placeholder, judging by all of it or by its last seven digits.

    Patterns of fewer digits occur in real numbers that people have paid for.
    """
    return (
        national[-7:] in _SAME
        or national.startswith("000")
        or national in _UP
        or national in _DOWN
        # 555-01xx is reserved for films in every area of North America.
        or (national[3:8] == "55501" and digits.startswith("1"))
    )
