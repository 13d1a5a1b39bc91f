"""Forms as they were sent: what was typed stays, and what is wrong with it is said at its field."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final, TypeVar

from fastapi import Request

from application.ports.versions import Versioned
from application.use_case import UseCase
from domain.errors import ChangedMeanwhile, DomainError
from entrypoints.console.words import NOW, PROBLEMS, VALUES
from entrypoints.edge.problems import STATUSES
from entrypoints.edge.writing import Writing

WHOLE: Final = ""
"""The field of what is wrong with a form, but with none of its fields."""


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
    """A form that was sent and not taken.

    Attributes:
        form: its name on its page.
        given: what was typed, by field.
        problems: by field.
        status: of the answer.
        conflict: somebody else has changed meanwhile what the form shows.
    """

    form: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, Sentence] = field(default_factory=dict)
    status: int = 200
    conflict: bool = False

    def of(self, form: str) -> "Filled":
        """Return what is to be said of one of the forms of the page: nothing if it is another."""
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
        error: why; what is known of one field only is said there.
        fields: of the form, by how the names of the application's fields begin.
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
    """Say in the reader's language what the application says in English."""
    if error.code == "invalid_value" and error.field is not None:
        whose = error.field if error.field in VALUES else error.field.rpartition(".")[2]
        if whose in VALUES:
            return Sentence(VALUES[whose])
    return Sentence(PROBLEMS[error.code])


Command = TypeVar("Command")
View = TypeVar("View", bound=Versioned)


def seen(*values: object) -> str:
    """Return what a form carries of the values that it showed, to tell whether they changed."""
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
    """Change what a form shows, unless somebody else has changed that meanwhile.

    A version is of more than one form: weights may be saved although a colleague has just given the
    source another name.

    Args:
        request: of whoever changes it.
        writing: has commands carried out.
        use_case: makes the change.
        command: has a field `expected`.
        shown: what a view has of the form's values; see `seen`.
        saw: the same as it was in the form; nothing if any will do.
        current: what it is now.

    Raises:
        ChangedMeanwhile: what the form shows is no longer so.
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
        saw: what the form carries now that its sender is told; see `seen`.
        shown: how people read what is stored, where that is something else.

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
