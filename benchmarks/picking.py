"""The pickers, against random.choices and nginx's smooth weighted round robin."""

import random
import statistics
import time
from collections.abc import Callable
from functools import partial

from benchmarks.report import Row, in_turns, median_ratio
from domain.picker import ROLLS
from domain.strategy import Strategy

_PICKS = 2000


def against_others(rounds: int) -> list[Row]:
    """Compare one pick of each, in nanoseconds."""
    rows = []
    for count in (3, 10, 100, 1000):
        weights = tuple(1 + number % 100 for number in range(count))
        measures = (_exact(weights), _smooth(weights), _random(weights), _choices(weights))
        exact, smooth, random_, choices = in_turns(
            max(rounds, 5), *(partial(_nanoseconds, pick) for pick in measures)
        )
        rows += [
            Row(
                f"`{name}` pick of {count:,} operators, against {other}",
                f"{statistics.median(mine):,.0f} ns",
                f"{statistics.median(theirs):,.0f} ns",
                f"{median_ratio(mine, theirs):.1f}",
                "under 5,000 ns" if (name, count) == ("exact", 10) else "",
            )
            for name, mine, other, theirs in (
                ("exact", exact, "smooth weighted round robin", smooth),
                ("random", random_, "random.choices", choices),
            )
        ]
    return rows


def _nanoseconds(pick: Callable[[], object]) -> float:
    started = time.perf_counter_ns()
    for _ in range(_PICKS):
        pick()
    return (time.perf_counter_ns() - started) / _PICKS


def _exact(weights: tuple[int, ...]) -> Callable[[], object]:
    picker = Strategy.EXACT.picker()
    credits: list[int] = [0] * len(weights)

    def pick() -> None:
        nonlocal credits
        _, credits = picker.pick(weights, credits, None)

    return pick


def _random(weights: tuple[int, ...]) -> Callable[[], object]:
    picker, credits = Strategy.RANDOM.picker(), [0] * len(weights)
    return lambda: picker.pick(weights, credits, int(random.random() * ROLLS))


def _choices(weights: tuple[int, ...]) -> Callable[[], object]:
    positions = range(len(weights))
    return lambda: random.choices(positions, weights)


def _smooth(weights: tuple[int, ...]) -> Callable[[], object]:
    """Pick as nginx does: each gains its weight; the largest is picked and pays the sum."""
    total = sum(weights)
    current = [0] * len(weights)

    def pick() -> int:
        for position, weight in enumerate(weights):
            current[position] += weight
        best = current.index(max(current))
        current[best] -= total
        return best

    return pick
