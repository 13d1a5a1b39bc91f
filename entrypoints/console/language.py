"""English and Russian: which one a viewer reads, and how each writes texts and numbers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from babel import Locale, negotiate_locale
from babel.numbers import format_decimal, format_percent, get_decimal_symbol
from babel.support import NullTranslations, Translations
from markupsafe import Markup

from entrypoints.console.words import N_

LANGUAGES: Final = ("en", "ru")
_FOLDER: Final = Path(__file__).with_name("locale")
_DOMAIN: Final = "console"
_SECOND: Final = N_("s")
UNITS: Final = {N_("d"): 86400, N_("h"): 3600, N_("min"): 60, _SECOND: 1}
"""Units that durations are written in, with their seconds."""
_EXACT: Final = 10
"""Below so many seconds, tenths are written."""


@dataclass(frozen=True)
class Language:
    """One language.

    Attributes:
        code: `en` or `ru`.
        name: in the language itself.
    """

    code: str
    name: str
    translations: NullTranslations

    def text(self, message: str) -> str:
        """Translate."""
        return self.translations.ugettext(message)

    def number(self, value: float, digits: int = 0) -> str:
        """Write a number with at most `digits` decimals."""
        pattern = "#,##0." + "#" * digits if digits else "#,##0"
        return format_decimal(value, pattern, locale=self.code)

    def percent(self, value: float | None, digits: int = 1) -> str:
        """Write a share, 0 to 1, in per cent; a dash for None."""
        if value is None:
            return "–"  # noqa: RUF001 -- a dash for people
        return format_percent(value, "#,##0." + "0" * digits + "%", locale=self.code)

    @property
    def decimal_mark(self) -> str:
        """The character before decimals."""
        return get_decimal_symbol(self.code)

    def duration(self, seconds: float) -> str:
        """Write a duration in its two largest units, such as 8 h 3 min; never rounded up."""
        if seconds < _EXACT:
            return f"{self.number(int(seconds * 10) / 10, 1)} {self.text(_SECOND)}"
        rest = int(seconds)
        parts: list[str] = []
        for unit, size in UNITS.items():
            number, rest = divmod(rest, size)
            if number or parts:
                parts.append(f"{self.number(number)} {self.text(unit)}" if number else "")
        return " ".join(each for each in parts[:2] if each)

    def waited(self, since: datetime) -> Markup:
        """Write how long ago a moment was; the page's script keeps counting."""
        units = ",".join(self.text(each) for each in UNITS)
        return Markup('<time datetime="{}" data-show="waited" data-units="{}">{}</time>').format(
            _stamp(since), units, self.duration(max((datetime.now(UTC) - since).total_seconds(), 0))
        )

    def signed(self, value: float) -> str:
        """Write a difference with its sign and one decimal."""
        rounded = round(value, 1)
        pattern = "+#,##0.0;-#,##0.0" if rounded else "#,##0.0"
        return format_decimal(rounded or 0.0, pattern, locale=self.code)


def moment(value: datetime, show: str = "moment") -> Markup:
    """Write a moment in UTC; the page's script converts it to the viewer's zone.

    Args:
        value: in UTC.
        show: `moment` or `time`.
    """
    shown = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}" data-show="{}">{}</time>').format(_stamp(value), show, shown)


def _stamp(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@cache
def language(code: str) -> Language:
    """Return one of LANGUAGES."""
    translations = Translations.load(_FOLDER, [code], _DOMAIN)
    name = Locale.parse(code).get_display_name(code) or code
    return Language(code, name.capitalize(), translations)


def preferred(cookie: str | None, accepted: str | None) -> Language:
    """Return the language that a viewer chose, else the first one here that the browser asks for.

    Args:
        cookie: the choice.
        accepted: the header Accept-Language.
    """
    if cookie in LANGUAGES:
        return language(cookie)
    wanted = [each.partition(";")[0].strip() for each in (accepted or "").split(",")]
    found = negotiate_locale([each for each in wanted if each], LANGUAGES, sep="-")
    return language(found or LANGUAGES[0])
