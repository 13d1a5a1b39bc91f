"""How routes and pages change something: through the one writer, as the request's actor."""

from collections.abc import Awaitable
from typing import Final, TypeVar

from fastapi import Request

from application.intake import Intake
from application.use_case import UseCase

ACTOR: Final = "fairlead.actor"
"""Where a request's scope holds its actor."""

Command = TypeVar("Command")
View = TypeVar("View")


class Writing:
    """Hands commands to the intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def __call__(
        self, request: Request, use_case: UseCase[Command, View], command: Command
    ) -> Awaitable[View]:
        """Carry out a command as the actor of a request; its errors are raised here."""
        return self._intake.submit(use_case, command, request.scope[ACTOR])
