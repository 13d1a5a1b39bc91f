"""Which column holds what, as the options say."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from domain import limits
from domain.errors import DomainError


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what.

    Attributes:
        source: the column that names the source; None if all rows are of one source.
        source_key: the source of all rows.
        identities: (kind, column).
    """

    source: str | None
    source_key: str | None
    identities: Sequence[tuple[str, str]]
    name: str | None
    payload: Sequence[str]
    key: str | None

    @classmethod
    def of(
        cls,
        source: str | None,
        source_key: str | None,
        identities: Sequence[str],
        name: str | None,
        payload: Sequence[str],
        key: str | None,
    ) -> "Columns":
        """Read the options.

        Raises:
            ValueError: they do not go together; the message says why.
        """
        if (source is None) == (source_key is None):
            raise ValueError(
                "name the source: --source COLUMN if a column names it, or --source-key KEY if "
                "all rows are of one source; not both."
            )
        if source_key is not None:
            try:
                limits.key(source_key)
            except DomainError as error:
                raise ValueError(f"--source-key {source_key}: {error.detail}") from error
        if not identities:
            raise ValueError("name at least one identity: --identity phone=COLUMN.")
        pairs: dict[str, str] = {}
        for each in identities:
            kind, column = _identity(each)
            if kind in pairs:
                raise ValueError(
                    f"--identity {kind} is given twice, but a contact has only one of a kind."
                )
            pairs[kind] = column
        return cls(source, source_key, tuple(pairs.items()), name, payload, key)

    def all(self) -> list[str]:
        """Return every column named, each once."""
        optional = (self.source, self.name, self.key)
        named = [*(column for _, column in self.identities), *self.payload, *optional]
        return list(dict.fromkeys(each for each in named if each is not None))

    def telling(self) -> list[str]:
        """Return the columns that tell rows apart."""
        columns = (self.source, self.key, *(column for _, column in self.identities))
        return [each for each in columns if each is not None]


def source_key(text: str) -> str:
    """Make a source key from a name: `Direct Traffic` and `direct traffic` give direct-traffic.

    Raises:
        ValueError: nothing is left of it.
    """
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9._-]+", "-", ascii_text.lower()).strip("-._")[:64]
    if not key:
        raise ValueError(f"no key can be made from the source name {text!r}")
    return key


def _identity(option: str) -> tuple[str, str]:
    kind, equals, column = option.partition("=")
    if not equals or not column:
        raise ValueError(f"--identity {option}: write KIND=COLUMN, such as phone=Phone.")
    try:
        return limits.identity_kind(kind), column
    except DomainError as error:
        raise ValueError(f"--identity {option}: {error.detail}") from error
