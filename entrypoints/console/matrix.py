"""The form of all weights, operators by sources: read, shown as typed, and set beside others'.

A thousand fields have short names, row and column (`3.17`). Which operator and source these are,
and what every field held when the page was made, is in three more.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple
from uuid import UUID

from application.ports.operators import OperatorView
from application.ports.sources import SourceView
from application.ports.statistics import SourceDistribution
from application.weights import WeightChange
from domain import limits
from domain.errors import ChangedMeanwhile, DomainError, InvalidValue
from domain.ids import OperatorId
from entrypoints.console.filled import WHOLE, Filled, Sentence, refused
from entrypoints.console.words import PROBLEMS, VALUES
from entrypoints.edge.problem_types import STATUSES

FORM: Final = "matrix"
_CELL: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})", re.ASCII)
_LEVELS: Final = 5
"""Degrees of heat."""
_STEPS: Final = (0.01, 0.05, 0.15)
"""Differences of shares from which on a cell is one degree warmer, or colder."""
Place = tuple[str, str]
"""An operator's id and the key of a source."""


class Entry(NamedTuple):
    """A weight that was typed, and the name of its field."""

    name: str
    change: WeightChange


class Cell(NamedTuple):
    """A weight on the page.

    Attributes:
        name: of its field.
        typed: what is in it.
        before: what was in it, if that was something else.
        share: of the source's contacts, by the stored weights; None if the operator is not on it.
        stored: its weight now; None if it has none.
        differs: whether somebody else has changed it meanwhile, and `stored` is not `typed`.
        wrong: whether it is no weight.
        heat: classes, one for each thing that the page can be coloured by.
    """

    name: str
    typed: str
    before: str | None
    share: float | None
    stored: int | None
    differs: bool
    wrong: bool
    heat: str


@dataclass(frozen=True)
class Row:
    """An operator with its weight on each source."""

    operator: OperatorView
    cells: Sequence[Cell]


class Sum(NamedTuple):
    """The weights of a source: all of them, and those of operators that the page does not show."""

    all: int
    elsewhere: int


@dataclass(frozen=True)
class Matrix:
    """What the page shows, and what its form carries.

    Attributes:
        hidden: fields that say what the others mean.
    """

    rows: Sequence[Row]
    sums: Sequence[Sum]
    hidden: Mapping[str, str]


def read(given: Mapping[str, str]) -> list[Entry] | Filled:
    """Read the weights that were changed; an empty one takes the operator off the source.

    Returns:
        The changes, or the form with its problems if there are any.

    Raises:
        InvalidValue: this is not the form of the page.
    """
    entries: list[Entry] = []
    problems: dict[str, Sentence] = {}
    for name, (operator, key), before in _fields(given):
        typed = given[name].strip()
        if not re.fullmatch(r"[0-9]{0,9}", typed, re.ASCII):
            problems[name] = Sentence(VALUES["weight"])
            continue
        weight, was = _weight(typed), _weight(before)
        if weight != was:
            place = OperatorId(UUID(operator)), limits.key(key)
            entries.append(Entry(name, WeightChange(place[1], place[0], weight, frozenset({was}))))
    if not problems:
        return entries
    problems[WHOLE] = Sentence(VALUES["weight"])
    return Filled(FORM, given, problems, STATUSES["invalid_value"])


def not_taken(given: Mapping[str, str], entries: Sequence[Entry], error: DomainError) -> Filled:
    """Return the form with why the application refused it."""
    if isinstance(error, ChangedMeanwhile):
        problems = {WHOLE: Sentence(PROBLEMS[error.code])}
        return Filled(FORM, given, problems, STATUSES[error.code], conflict=True)
    found = re.fullmatch(r"changes\.(\d+)\.weight", error.field or "")
    if found is None:
        return refused(FORM, given, error, {})
    filled = refused(FORM, given, error, {found[0]: entries[int(found[1])].name})
    return Filled(
        FORM, given, {**filled.problems, WHOLE: Sentence(VALUES["weight"])}, filled.status
    )


def taken_back(
    weights: Mapping[tuple[OperatorId, str], tuple[int | None, int | None]],
) -> Mapping[str, str]:
    """Return the fields that put weights back.

    Args:
        weights: for each operator and source, the weight now, and what it was before.
    """
    operators = list(dict.fromkeys(str(operator) for operator, _ in weights))
    keys = list(dict.fromkeys(key for _, key in weights))
    now = {(str(operator), key): was for (operator, key), (was, _) in weights.items()}
    cells = {
        f"{operators.index(str(operator))}.{keys.index(key)}": _text(before)
        for (operator, key), (_, before) in weights.items()
    }
    return {**_hidden(operators, keys, now), **cells}


def matrix(
    operators: Sequence[OperatorView],
    sources: Sequence[SourceView],
    happened: Iterable[SourceDistribution],
    filled: Filled,
) -> Matrix:
    """Return what the page shows.

    Args:
        operators: the rows.
        sources: the columns.
        happened: what the operators of these sources got lately.
        filled: the form as it was sent, if it was refused.
    """
    ids, keys = [str(each.id) for each in operators], [each.key for each in sources]
    weights = {
        (str(each.operator_id), source.key): (each.weight, each.share)
        for source in sources
        for each in source.allocations
    }
    typed = {
        place: (name, filled.given[name].strip(), before)
        for name, place, before in _fields(filled.given)
        if filled.given[name].strip() != before
    }
    beyond = {
        (str(each.operator.id), source.source): each.actual_share - each.target_share
        for source in happened
        for each in source.operators
        if each.actual_share is not None
    }
    rows = []
    for row, operator in enumerate(operators):
        cells = []
        for column, key in enumerate(keys):
            place = ids[row], key
            weight, share = weights.get(place, (None, None))
            now = _text(weight)
            name, shown, before = typed.get(place, (None, now, now))
            cells.append(
                Cell(
                    f"{row}.{column}",
                    shown,
                    None if shown == now else now,
                    share,
                    weight,
                    filled.conflict and now not in {shown, before},
                    name in filled.problems,
                    _heat(share, operator, beyond.get(place)),
                )
            )
        rows.append(Row(operator, cells))
    shown_ids = set(ids)
    sums = [
        Sum(
            sum(each.weight for each in source.allocations),
            sum(
                each.weight for each in source.allocations if str(each.operator_id) not in shown_ids
            ),
        )
        for source in sources
    ]
    seen: dict[Place, int | None] = {place: weight for place, (weight, _) in weights.items()}
    if not filled.conflict:
        # What others have changed meanwhile has not been shown beside what was typed.
        seen |= {place: _weight(before) for place, (_, _, before) in typed.items()}
    return Matrix(rows, sums, _hidden(ids, keys, seen))


def _fields(given: Mapping[str, str]) -> Iterable[tuple[str, Place, str]]:
    """Return of every field its name, what it is the weight of, and what it held before."""
    operators, keys = given.get("operators", "").split(), given.get("sources", "").split()
    seen = [row.split(",") for row in given.get("seen", "").split(";")]
    for name in given:
        found = _CELL.fullmatch(name)
        if found is None:
            continue
        row, column = int(found[1]), int(found[2])
        try:
            place = str(UUID(operators[row])), limits.key(keys[column])
            before = _text(_weight(seen[row][column]))
            yield name, place, before
        except (IndexError, ValueError):
            raise InvalidValue("this is not a form of this page; load it again.") from None


def _hidden(
    operators: Sequence[str], keys: Sequence[str], weights: Mapping[Place, int | None]
) -> Mapping[str, str]:
    return {
        "operators": " ".join(operators),
        "sources": " ".join(keys),
        "seen": ";".join(
            ",".join(_text(weights.get((operator, key))) for key in keys) for operator in operators
        ),
    }


def _weight(text: str) -> int | None:
    return int(text) if text else None


def _text(weight: int | None) -> str:
    return "" if weight is None else str(weight)


def _heat(share: float | None, operator: OperatorView, beyond: float | None) -> str:
    """Return the classes of a cell: `s` for its share, `l` for the load, `d` for the difference."""
    if not share:
        return ""
    classes = [f"s{ceil(share * _LEVELS)}"]
    if operator.load:
        full = operator.load / operator.capacity if operator.capacity else 1
        classes.append(f"l{min(_LEVELS, ceil(full * _LEVELS))}")
    degree = sum(abs(beyond or 0) >= each for each in _STEPS)
    if degree:
        classes.append(f"{'more' if (beyond or 0) > 0 else 'less'}{degree}")
    return " ".join(classes)
