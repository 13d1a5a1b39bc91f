"""A lead: one end customer, known by one or more identities."""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain import limits
from domain.errors import IdentityTaken, NoIdentity, UnknownLead, Unreadable
from domain.ids import LeadId, time_of

_STRENGTH = {"external_id": 0, "phone": 1, "email": 2}
"""The strongest identity is the one with the smallest number; others come by name of kind."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(slots=True, unsafe_hash=True)
class Identity:
    """One way to know a lead: a kind and a value already normalised. Nobody changes it.

    Not frozen, since every registration makes one: that would take half as long again.

    Attributes:
        also: keys of other spellings under which the same person may be known. They are looked up
            where the identity itself is nobody's; they are no part of what it is.
    """

    kind: str
    value: str
    also: tuple[str, ...] = field(default=(), repr=False, compare=False)
    key: str = field(init=False, repr=False, compare=False)
    """`kind:value`: unique, since a kind holds no colon."""

    def __post_init__(self) -> None:
        limits.identity_kind(self.kind)
        if limits.short_text(self.value, f"lead.identities.{self.kind}") != self.value:
            raise ValueError("an identity's value is trimmed before it comes here")
        self.key = f"{self.kind}:{self.value}"

    @classmethod
    def from_key(cls, key: str) -> "Identity":
        """Read back what `key` gives."""
        kind, _, value = key.partition(":")
        return cls(kind, value)


@dataclass(frozen=True, slots=True)
class UnreadIdentity:
    """What a contact came with as an identity and could not be read as one.

    Attributes:
        value: what can be seen of it, cut to the length of a text.
    """

    kind: str
    value: str
    reason: Unreadable

    @classmethod
    def of(cls, kind: str, value: str, reason: Unreadable) -> "UnreadIdentity":
        """Keep of a value what can be kept."""
        return cls(kind, limits.storable(limits.visible(value))[: limits.MAX_TEXT], reason)


@dataclass(slots=True)
class Lead:
    """A lead as it stands."""

    id: LeadId
    name: str | None
    created_at: datetime

    def __post_init__(self) -> None:
        if self.name is not None:
            self.name = limits.short_text(self.name, "lead.name")

    def rename(self, name: str | None) -> bool:
        """Correct the name; None removes it, and then the next one that comes is kept.

        Returns:
            Whether it is another one now.

        Raises:
            InvalidValue: it is out of its limits.
        """
        previous = self.name
        self.name = None if name is None else limits.short_text(name, "name")
        return self.name != previous


def words_of(name: str) -> frozenset[str]:
    """Return the words by which a lead is found: of letters and digits, in one case, ё as е.

    Stored with leads and compared with what is searched for: to change what it returns takes a
    migration that stores the words anew.
    """
    folded = unicodedata.normalize("NFKC", name).casefold().replace("ё", "е")
    # The Turkish capital comes with a dot of its own, which would part the word.
    folded = folded.replace("i\u0307", "i")
    return frozenset(_WORD.findall(folded))


def begin_words(beginnings: Collection[str], words: Collection[str]) -> bool:
    """Tell whether each of these begins one of the words of a name."""
    return all(any(word.startswith(each) for word in words) for each in beginnings)


def first_word(beginning: str, words: Collection[str]) -> str | None:
    """Return by which word of a name a walk along all words that begin so meets it first.

    That is the beginning itself if it is one of them, else the smallest that begins so.
    """
    own = [each for each in words if each.startswith(beginning)]
    return beginning if beginning in own else min(own, default=None)


@dataclass(slots=True)
class Recognition:
    """Which lead a contact is of, and what its registration taught us.

    Attributes:
        created: the lead was unknown until now.
        learned: identities that were nobody's and are this lead's from now on, strongest first.
        named: the lead had no name until now.
        conflicts: other leads that own some of the identities; nothing of theirs is touched.
    """

    lead: Lead
    created: bool
    learned: Sequence[Identity]
    named: bool
    conflicts: tuple[LeadId, ...] = ()


class LeadIndex:
    """The known leads that some contacts may be of, found by id or by identity."""

    def __init__(self, known: Iterable[tuple[Identity, Lead]], by_id: Iterable[Lead] = ()) -> None:
        self._by_identity: dict[str, Lead] = {}
        self._by_id = {lead.id: lead for lead in by_id}
        for identity, lead in known:
            self._by_identity[identity.key] = self._by_id.setdefault(lead.id, lead)

    def recognise(
        self,
        identities: Sequence[Identity],
        *,
        new_id: Callable[[], UUID],
        name: str | None = None,
        lead_id: LeadId | None = None,
        room: Callable[[LeadId], int | None] = lambda _: limits.MAX_LEAD_IDENTITIES,
    ) -> Recognition:
        """Find the lead or make it known.

        The lead named by id, else the one that owns the strongest identity: `external_id`, then
        `phone`, then `email`, then the others by name of kind. Leads are never merged. What is
        nobody's in this spelling is of the lead that owns other spellings of it, and learned as
        one more; if several leads own them, it is nobody's.

        Args:
            identities: normalised.
            new_id: makes the id of a lead that is new.
            name: within its limits; kept if the lead has none yet.
            lead_id: the lead, if the caller knows it.
            room: how many identities more a known lead may have, the strongest first; None if
                nothing may be added to it, a name neither. Asked only if there is something to add.

        Raises:
            NoIdentity: neither an id nor an identity is given.
            UnknownLead: no lead has the id given.
        """
        known = self._by_identity
        owners: list[Lead] = []
        learned: list[Identity] = []
        respelled: dict[str, Lead] = {}
        # Most contacts come with one identity.
        for each in identities if len(identities) < 2 else sorted(identities, key=_strength):
            owner = known.get(each.key)
            if owner is None:
                learned.append(each)
                if each.also and (owner := self._owner_of_another_spelling(each)):
                    respelled[each.key] = owner
            if owner is not None:
                owners.append(owner)
        lead, created = self._lead(lead_id, identities, owners, new_id)
        if respelled:
            # One number must not come to be of two leads by its spellings.
            learned = [each for each in learned if respelled.get(each.key, lead) is lead]
        named = lead.name is None and name is not None
        if not created and (learned or named):
            left = room(lead.id)
            named = named and left is not None
            del learned[max(0, left or 0) :]
        if named:
            lead.name = name
        for each in learned:
            known[each.key] = lead
        conflicts = {each.id: None for each in owners if each.id != lead.id} if owners else ()
        return Recognition(lead, created, learned, named and not created, tuple(conflicts))

    def teach(self, lead_id: LeadId, identity: Identity) -> Recognition:
        """Give a lead an identity by hand. Nothing moves from one lead to another.

        Args:
            lead_id: the lead.
            identity: normalised; learned if it was nobody's.

        Raises:
            UnknownLead: no lead has the id given.
            IdentityTaken: the identity is another lead's.
        """
        lead = self._by_id.get(lead_id)
        if lead is None:
            raise UnknownLead(f"no lead has the id {lead_id}.", field="lead_id")
        owner = self._by_identity.get(identity.key)
        if owner is not None and owner.id != lead_id:
            raise IdentityTaken(
                f"the lead {owner.id} has this identity; it stays there until it is removed.",
                field="value",
                lead_id=owner.id,
            )
        learned = [identity] if owner is None else []
        return Recognition(lead, created=False, learned=learned, named=False)

    def _owner_of_another_spelling(self, identity: Identity) -> Lead | None:
        """Return the lead that owns other spellings of an identity; None if they are of several."""
        owners = {lead.id: lead for key in identity.also if (lead := self._by_identity.get(key))}
        return next(iter(owners.values())) if len(owners) == 1 else None

    def _lead(
        self,
        lead_id: LeadId | None,
        identities: Sequence[Identity],
        owners: Sequence[Lead],
        new_id: Callable[[], UUID],
    ) -> tuple[Lead, bool]:
        if lead_id is not None:
            if lead_id not in self._by_id:
                raise UnknownLead(
                    f"no lead has the id {lead_id}; name the lead by an identity instead.",
                    field="lead.id",
                )
            return self._by_id[lead_id], False
        if owners:
            return owners[0], False
        if not identities:
            raise NoIdentity(
                "name the lead by lead.id or by at least one of lead.identities, "
                "such as a phone or an email.",
                field="lead",
            )
        lead_id = LeadId(new_id())
        lead = self._by_id[lead_id] = Lead(lead_id, None, time_of(lead_id))
        return lead, True


def _strength(identity: Identity) -> tuple[int, str]:
    kind = identity.kind
    return _STRENGTH.get(kind, len(_STRENGTH)), kind
