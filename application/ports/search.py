"""Finds leads by a part of what is known about them."""

from collections.abc import Collection
from typing import Protocol

from application.ports.walks import Passed, Walk


class LeadSearch(Protocol):
    """Finds leads by a part of what is known about them.

    Each method except `kinds` walks along an index from `after`, a place where an earlier walk of
    the same method met a lead or stopped; None to begin. It meets `limit` leads at most and passes
    by those that `but` selects. However many there are, it stops when it has passed about ten
    thousand, or has looked at a thousand of them.

    Raises:
        InvalidValue: `after` is not such a place.
    """

    def kinds(self) -> list[str]:
        """Return the kinds of identities that exist, by name; the first 200 of them."""
        ...

    def by_values(
        self, values: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        """Meet leads that own an identity with exactly one of these values, the newest first.

        The identity may be of any kind in `kinds`.
        """
        ...

    def by_phone_tail(self, digits: str, *, after: str | None, limit: int, but: Passed) -> Walk:
        """Meet leads with a phone that ends in these digits, at least four, by their phones."""
        ...

    def by_words(
        self, words: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        """Meet leads in whose name each of these begins a word.

        The walk goes along the rarest of them, as far as a quick look can tell: first the names
        that have it as a word, the newest lead first, then those with longer words, by the word.

        The words are as `domain.lead.words_of` gives them; at least one.
        """
        ...

    def by_beginnings(
        self, values: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        """Meet leads that own an identity whose value begins with one of these, by their keys."""
        ...
