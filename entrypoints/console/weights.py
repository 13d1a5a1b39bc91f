"""The form of weights: read, shown again as typed, and shown beside a colleague's weights."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from application.ports.operators import OperatorView
from application.ports.sources import SourceView
from domain.errors import ChangedMeanwhile, DomainError
from domain.ids import OperatorId
from entrypoints.console.filled import WHOLE, Filled, Sentence, refused, seen
from entrypoints.console.words import PROBLEMS, VALUES
from entrypoints.edge.problem_types import STATUSES

FORM = "weights"
_OTHERS = frozenset({"operator", "weight", "seen", "here"})
"""Fields that are not named by an operator's id."""
_UNREADABLE = STATUSES["invalid_value"]


@dataclass(frozen=True)
class Row:
    """An operator in the form.

    Attributes:
        typed: what is in its field.
        share: by the stored weights.
        stored: its weight now; None if it has none.
        differs: whether somebody else has changed weights meanwhile and `stored` is not `typed`.
    """

    operator_id: OperatorId
    name: str
    typed: str
    share: float | None
    stored: int | None = None
    differs: bool = False


def shown_weights(source: SourceView) -> str:
    """Return the digest of the weights that the form shows."""
    return seen([(str(each.operator_id), each.weight) for each in source.allocations])


def read(given: Mapping[str, str]) -> list[tuple[OperatorId, int]] | Filled:
    """Read weights by operator; an empty one takes the operator off the source.

    Returns:
        The weights, or the form with its problems if there are any.
    """
    weights: list[tuple[OperatorId, int]] = []
    problems: dict[str, Sentence] = {}
    for name, value in _entries(given, problems):
        at = "weight" if name == given.get("operator") else name
        if not re.fullmatch(r"\s*[0-9]{1,9}\s*", value, re.ASCII):
            problems[at] = Sentence(VALUES["weight"])
            continue
        try:
            weights.append((OperatorId(UUID(name)), int(value)))
        except ValueError:
            problems["operator" if at == "weight" else WHOLE] = Sentence(VALUES["operator"])
    return Filled(FORM, given, problems, _UNREADABLE) if problems else weights


def _entries(given: Mapping[str, str], problems: dict[str, Sentence]) -> Iterable[tuple[str, str]]:
    for name, value in given.items():
        if name not in _OTHERS and value.strip():
            yield name, value
    added, weight = given.get("operator", ""), given.get("weight", "")
    if added:
        yield added, weight
    elif weight.strip():
        problems["operator"] = Sentence(VALUES["operator"])


def not_taken(
    given: Mapping[str, str], weights: Sequence[tuple[OperatorId, int]], error: DomainError
) -> Filled:
    """Return the form with why the application refused it."""
    if isinstance(error, ChangedMeanwhile) and isinstance(error.current, SourceView):
        return _conflict(given, error.current)
    found = re.fullmatch(r"allocations\.(\d+)\.weight", error.field or "")
    fields = {"operator_id": "operator"}
    if found:
        operator_id = str(weights[int(found[1])][0])
        fields[found[0]] = "weight" if operator_id == given.get("operator") else operator_id
    return refused(FORM, given, error, fields)


def _conflict(given: Mapping[str, str], current: SourceView) -> Filled:
    # The operator that was to be added may be on the source by now, and then has a row.
    added = {given["operator"]: given.get("weight", "")} if given.get("operator") else {}
    taken = {**given, **added, "operator": "", "weight": "", "seen": shown_weights(current)}
    status = STATUSES[ChangedMeanwhile.code]
    problems = {WHOLE: Sentence(PROBLEMS[ChangedMeanwhile.code])}
    return Filled(FORM, taken, problems, status, conflict=True)


def rows(source: SourceView, filled: Filled, names: Mapping[str, OperatorView]) -> list[Row]:
    """Return the rows of the form.

    Args:
        source: as it is now.
        filled: the form as it was sent, if it was refused.
        names: operators that the form may name although they are not on the source now, by id.
    """
    shown = []
    for each in source.allocations:
        name = str(each.operator_id)
        # An operator added to the source meanwhile was not in the form: nothing was typed.
        typed = str(filled.value(name, each.weight))
        differs = filled.conflict and typed.strip() != str(each.weight)
        shown.append(Row(each.operator_id, each.name, typed, each.share, each.weight, differs))
    here = {str(each.operator_id) for each in source.allocations}
    for name, typed in filled.given.items():
        if name in names and name not in here:
            operator = names[name]
            differs = filled.conflict and bool(typed.strip())
            shown.append(Row(operator.id, operator.name, typed, None, None, differs))
    return shown
