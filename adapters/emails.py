"""Email addresses by email-validator, plus mailboxes that exist although they should not."""

import re
import unicodedata
from typing import Final

import email_validator
from email_validator import EmailNotValidError

from domain.errors import InvalidIdentity, Unreadable

# A plain address does not need the library: 1.4 us instead of 35. Anything that contains `--` may
# be Punycode, which takes a closer look.
_PLAIN = re.compile(
    r"[a-z0-9_+-]++(?:\.[a-z0-9_+-]++)*+@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)++[a-z]{2,63}"
)
_THIN_SPACES = re.compile("[\u2006\u2008-\u200a\u202f\u205f]+")
_AT = re.compile(r"\s*[@\uff20]\s*")
_DOTS = re.compile(r"\.{2,}")
_NEEDLESSLY_QUOTED = re.compile(r'"([^\s"\\@(),:;<>\[\]]+)"')

_NOBODYS: Final = ("invalid", "localhost")
"""Domains that can have no mailbox, or only the machine's own."""
# The library's own way to configure this. Its other special-use domains are in use: a company has
# its mail under .local, and a team tries things under .test.
email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = _NOBODYS


def read_email(text: str) -> str:
    """Return the mailbox that a text names, in lower case.

    Args:
        text: without invisible characters.

    Raises:
        InvalidIdentity: no such mailbox can exist.
    """
    if text.isascii():
        lower = text.lower()
        if _PLAIN.fullmatch(lower) and "--" not in lower and not lower.endswith(_ENDS):
            return lower
    try:
        return _read(_AT.sub("@", _THIN_SPACES.sub("", text))).lower()
    except EmailNotValidError as error:
        raise InvalidIdentity(
            f"{text!r} is not an email address: {error}",
            field="lead.identities.email",
            reason=Unreadable.NOT_AN_EMAIL,
        ) from error


_ENDS: Final = tuple(f".{each}" for each in _NOBODYS)


def _read(text: str) -> str:
    """Check an address, leaving out the rules that mail servers themselves break.

    Servers in Japan have issued addresses with trailing and consecutive dots. Host names have no
    underscores, but domains do. A domain may end with the root's dot.
    """
    local, at, domain = text.rpartition("@")
    domain = domain.removesuffix(".")
    if quoted := _NEEDLESSLY_QUOTED.fullmatch(local):
        local = quoted[1]
    strict_local, strict_domain = local, domain
    if not local.startswith('"'):
        strict_local = _DOTS.sub(".", local).strip(".")
    if domain.isascii() and not domain.startswith("["):
        strict_domain = domain.replace("_", "u")
    found = email_validator.validate_email(
        f"{strict_local}{at}{strict_domain}",
        check_deliverability=False,
        allow_quoted_local=True,
        allow_domain_literal=True,
    )
    if strict_local == local:
        local = found.local_part
    if strict_domain == domain:
        domain = found.domain
    return f"{unicodedata.normalize('NFC', local)}@{domain}"
