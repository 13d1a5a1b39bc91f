"""How many operators it takes, by Erlang's formula for a queue.

A. K. Erlang, Solution of some problems in the theory of probabilities of significance in automatic
telephone exchanges (1917): contacts come independently of each other, each takes a time of its own,
nobody leaves the queue, and it is served in order. What one operator can do at a time counts as so
many servers.
"""

from math import ceil, exp
from typing import Final

_NOBODY: Final = 1e-12
"""A share that is none: a capacity of a million must not take a million steps."""


def waits(servers: int, offered: float) -> float:
    """Return the share of contacts that have to wait at all, 0 to 1 (Erlang C).

    Args:
        servers: contacts that can be handled at the same time.
        offered: contacts that would be handled at the same time if none had to wait: those that
            come in during the mean time that one takes.
    """
    if offered <= 0:
        return 0.0
    if offered >= servers:
        return 1.0
    # Of contacts that would go away instead, by the recurrence that stays within floats (Erlang B).
    lost = 1.0
    for number in range(1, servers + 1):
        lost = offered * lost / (number + offered * lost)
        if lost < _NOBODY:
            return 0.0
    busy = offered / servers
    return lost / (1 - busy * (1 - lost))


def answered_within(servers: int, offered: float, patience: float) -> float:
    """Return the share of contacts that wait no longer than `patience`, 0 to 1.

    Args:
        servers: as for `waits`.
        offered: likewise.
        patience: in mean times that a contact takes.
    """
    if offered >= servers:
        return 0.0
    return 1 - waits(servers, offered) * exp(-(servers - offered) * patience)


def operators_needed(offered: float, patience: float, share: float, at_a_time: int) -> int:
    """Return the fewest operators with whom a share of the contacts waits no longer than that.

    Args:
        offered: as for `waits`.
        patience: as for `answered_within`.
        share: 0 to 1, less than 1.
        at_a_time: contacts that an operator handles at the same time, at least 1.
    """
    if offered <= 0:
        return 0
    operators = ceil(offered / at_a_time)
    while answered_within(operators * at_a_time, offered, patience) < share:
        operators += 1
    return operators
