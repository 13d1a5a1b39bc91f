"""Refused forms: what was typed stays, and each problem is shown at its field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final, TypeVar

from fastapi import Request

from application.ports.versions import Versioned
from application.use_case import UseCase
from domain.errors import ChangedMeanwhile, DomainError
from entrypoints.console.words import NOW, PROBLEMS, VALUES
from entrypoints.edge.problem_types import STATUSES
from entrypoints.edge.writing import Writing

WHOLE: Final = ""
"""Stands for a field where a problem is of the form as a whole."""


@dataclass(frozen=True)
class Sentence:
    """A sentence that is translated where it is shown.

    Attributes:
        text: in English, with places for the values.
        values: by name; they stay as they are in every language.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Filled:
    """A form that was sent and refused.

    Attributes:
        form: its name on its page.
        given: what was typed, by field.
        problems: by field.
        status: of the answer.
        conflict: whether somebody else has meanwhile changed what the form shows.
    """

    form: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, Sentence] = field(default_factory=dict)
    status: int = 200
    conflict: bool = False

    def of(self, form: str) -> "Filled":
        """Return this form if it is the one asked for, else an empty one."""
        return self if form == self.form else EMPTY

    def value(self, field: str, otherwise: object = "") -> object:
        """Return what was typed into a field."""
        return self.given.get(field, otherwise)

    def problem(self, field: str = WHOLE) -> Sentence | None:
        """Return what is wrong with a field, or with the form as a whole."""
        return self.problems.get(field)


EMPTY: Final = Filled()


def refused(
    form: str, given: Mapping[str, str], error: DomainError, fields: Mapping[str, str]
) -> Filled:
    """Return a form that the application refused.

    Args:
        form: its name on its page.
        given: what was typed.
        error: why; a problem of one field is shown at that field.
        fields: of the form, by prefixes of the application's field names.
    """
    wrong = error.field or WHOLE
    at = next((name for begin, name in fields.items() if wrong.startswith(begin)), wrong)
    return Filled(
        form,
        given,
        {at if at in {*given, *fields.values()} else WHOLE: sentence_of(error)},
        STATUSES[error.code],
    )


def sentence_of(error: DomainError) -> Sentence:
    """Return the console's own sentence for an error of the application."""
    if error.code == "invalid_value" and error.field is not None:
        whose = error.field if error.field in VALUES else error.field.rpartition(".")[2]
        if whose in VALUES:
            return Sentence(VALUES[whose])
    return Sentence(PROBLEMS[error.code])


Command = TypeVar("Command")
View = TypeVar("View", bound=Versioned)


def seen(*values: object) -> str:
    """Return a digest of the values that a form shows, to tell later whether they changed."""
    return blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


async def change(
    request: Request,
    writing: Writing,
    use_case: UseCase[Command, View],
    command: Command,
    shown: Callable[[View], str],
    *,
    saw: str,
    current: View,
) -> View:
    """Change what a form shows, unless somebody else has changed it meanwhile.

    A version covers more than one form: weights may be saved although a colleague has just renamed
    the source.

    Args:
        request: of the person who changes it.
        writing: carries out commands.
        use_case: makes the change.
        command: has a field `expected`.
        shown: returns the digest of the form's values in a view; see `seen`.
        saw: the digest that the form carried; empty if any will do.
        current: the view as it is now.

    Raises:
        ChangedMeanwhile: what the form shows has changed.
        DomainError: what the use case raises.
    """
    while True:
        if saw and shown(current) != saw:
            raise ChangedMeanwhile("somebody else has changed it meanwhile.", current=current)
        expected: Any = current.version if saw else None
        try:
            return await writing(request, use_case, replace(command, expected=expected))  # type: ignore[type-var]
        except ChangedMeanwhile as error:
            current = error.current  # type: ignore[assignment]


def conflict(
    form: str,
    given: Mapping[str, str],
    theirs: Mapping[str, object],
    saw: str,
    shown: Mapping[str, Sentence] | None = None,
) -> Filled | None:
    """Set what was typed beside what somebody else has saved meanwhile.

    Args:
        form: its name on its page.
        given: what was typed.
        theirs: what is stored now, by field.
        saw: the digest that the form carries from now on; see `seen`.
        shown: what people read in place of a stored value, where that differs.

    Returns:
        None if nothing differs.
    """
    problems = {
        name: Sentence(NOW, {"value": (shown or {}).get(name, value)})
        for name, value in theirs.items()
        if str(value) != given.get(name)
    }
    if not problems:
        return None
    problems[WHOLE] = Sentence(PROBLEMS[ChangedMeanwhile.code])
    return Filled(
        form, {**given, "seen": saw}, problems, STATUSES[ChangedMeanwhile.code], conflict=True
    )
