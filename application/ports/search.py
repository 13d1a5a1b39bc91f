"""Finds leads by a part of what is known of them."""

from collections.abc import Collection
from typing import Protocol

from application.ports.walks import Passed, Walk


class LeadSearch(Protocol):
    """Finds leads by a part of what is known of them.

    Each method but `kinds` goes along an index from `after`, a place where a walk of its own has
    met somebody or stopped; None to begin. It meets `limit` leads at most and passes by those that
    `but` says. However many there are, it stops when it has passed some ten thousand, or has looked
    at a thousand of them.

    Raises:
        InvalidValue: `after` is no such place.
    """

    def kinds(self) -> list[str]:
        """Return the kinds of identities that there are, by name; the first 200 of them."""
        ...

    def by_values(
        self, values: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        """Meet leads that own an identity with one of these very values, the newest first.

        The kind does not matter, if it is one of `kinds`.
        """
        ...

    def by_phone_tail(self, digits: str, *, after: str | None, limit: int, but: Passed) -> Walk:
        """Meet leads with a phone that ends in these digits, at least four, by their phones."""
        ...

    def by_words(
        self, words: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        """Meet leads in whose name each of these begins a word.

        The walk goes along the rarest of them, as far as that is seen at a glance: first the names
        that have it as a word, the newest lead first, then those with longer words, by the word.

        The words are as `domain.lead.words_of` gives them; at least one.
        """
        ...

    def by_beginnings(
        self, values: Collection[str], *, after: str | None, limit: int, but: Passed
    ) -> Walk:
        """Meet leads that own an identity whose value begins with one of these, by their keys."""
        ...
