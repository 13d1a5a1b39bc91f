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
"""The strongest identity has the smallest number; all other kinds follow, by name."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(slots=True, unsafe_hash=True)
class Identity:
    """One way to know a lead: a kind and a value already normalised. It is never changed.

    Every registration makes one, and freezing it would take half as long again, so it is not
    frozen.

    Attributes:
        also: keys of other spellings under which the same person may be known. They are looked up
            if no lead owns the identity itself, and do not count when identities are compared.
    """

    kind: str
    value: str
    also: tuple[str, ...] = field(default=(), repr=False, compare=False)
    key: str = field(init=False, repr=False, compare=False)
    """`kind:value`: unique, since a kind contains no colon."""

    def __post_init__(self) -> None:
        limits.identity_kind(self.kind)
        if limits.short_text(self.value, f"lead.identities.{self.kind}") != self.value:
            raise ValueError("an identity's value is trimmed before it comes here")
        self.key = f"{self.kind}:{self.value}"

    @classmethod
    def from_key(cls, key: str) -> "Identity":
        """Return the identity that has this key."""
        kind, _, value = key.partition(":")
        return cls(kind, value)


@dataclass(frozen=True, slots=True)
class UnreadIdentity:
    """What came with a contact as an identity but could not be read as one.

    Attributes:
        value: its visible characters, the first MAX_TEXT of them.
    """

    kind: str
    value: str
    reason: Unreadable

    @classmethod
    def of(cls, kind: str, value: str, reason: Unreadable) -> "UnreadIdentity":
        """Keep as much of a value as can be kept."""
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
        """Correct the name; None removes it, and then the next name that comes is kept.

        Returns:
            Whether the name is a different one now.

        Raises:
            InvalidValue: the name is outside its limits.
        """
        previous = self.name
        self.name = None if name is None else limits.short_text(name, "name")
        return self.name != previous


def words_of(name: str) -> frozenset[str]:
    """Return the words by which a lead is found: letters and digits, in one case, with ё as е.

    They are stored with leads and compared with what is searched for. Returning other words needs a
    migration that stores them anew.
    """
    folded = unicodedata.normalize("NFKC", name).casefold().replace("ё", "е")
    # The Turkish dotted capital I folds to an i and a combining dot, which would split the word.
    folded = folded.replace("i\u0307", "i")
    return frozenset(_WORD.findall(folded))


def begin_words(beginnings: Collection[str], words: Collection[str]) -> bool:
    """Tell whether each of these beginnings starts one of the words of a name."""
    return all(any(word.startswith(each) for word in words) for each in beginnings)


def first_word(beginning: str, words: Collection[str]) -> str | None:
    """Return the word at which a walk along all words with this beginning first meets a name.

    That is the smallest word of the name that begins with it.
    """
    return min((each for each in words if each.startswith(beginning)), default=None)


@dataclass(slots=True)
class Recognition:
    """Which lead a contact belongs to, and what its registration taught us.

    Attributes:
        created: whether the lead was unknown until now.
        learned: identities that no lead owned until now and this one owns now, strongest first.
        named: whether a lead that was known without a name has one now.
        conflicts: other leads that own some of the identities; nothing of theirs is touched.
    """

    lead: Lead
    created: bool
    learned: Sequence[Identity]
    named: bool
    conflicts: tuple[LeadId, ...] = ()


class LeadIndex:
    """The known leads that some contacts may belong to, found by id or by identity."""

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

        It is the lead named by id, else the one that owns the strongest identity: `external_id`,
        then `phone`, then `email`, then the others by name of kind. Leads are never merged. An
        identity that no lead owns in this spelling counts as that of the lead that owns other
        spellings of it, and that lead learns this one too. If several leads own other spellings,
        it counts as unowned.

        Args:
            identities: normalised.
            new_id: makes the id of a lead that is new.
            name: within its limits; kept if the lead has none yet.
            lead_id: the lead, if the caller knows it.
            room: how many more identities a known lead may have, the strongest first; None if
                nothing may be added to it, not even a name. Called only if there is something to
                add.

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
            # The spellings of one number must not end up with two leads.
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
            identity: normalised; learned if no lead owned it.

        Raises:
            UnknownLead: no lead has the id given.
            IdentityTaken: another lead owns the identity.
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
        """Return the lead that owns other spellings of an identity; None if several leads do."""
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
