"""Whether a source kept what its weights promise, as pages show it."""

from typing import NamedTuple

from application.ports.statistics import SourceDistribution
from domain.conformity import Verdict, largest_difference, verdict


class Kept(NamedTuple):
    """What is to be said of a source in a period.

    Attributes:
        recorded: whether it is known of the whole period what operators were entitled to.
        off: contacts by which the operator that is furthest off is off.
        given: contacts that the picker gave away.
    """

    recorded: bool
    verdict: Verdict
    off: float
    given: int


def kept(distribution: SourceDistribution) -> Kept:
    """Compare what the operators of a source got with what they were entitled to."""
    contacts = [each.contacts for each in distribution.operators]
    entitled = [each.entitled for each in distribution.operators if each.entitled is not None]
    if len(entitled) < len(contacts):
        return Kept(False, Verdict.UNKNOWN, 0.0, sum(contacts))
    off = largest_difference(contacts, entitled)
    return Kept(True, verdict(contacts, entitled), off, sum(contacts))
