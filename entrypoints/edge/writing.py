"""How routes and pages change something: through the one writer, as whoever makes the request."""

from collections.abc import Awaitable
from typing import Final, TypeVar

from fastapi import Request

from application.intake import Intake
from application.use_case import UseCase

ACTOR: Final = "fairlead.actor"
"""Where in a request's scope it stands who acts."""

Command = TypeVar("Command")
View = TypeVar("View")


class Writing:
    """Hands commands to the intake."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def __call__(
        self, request: Request, use_case: UseCase[Command, View], command: Command
    ) -> Awaitable[View]:
        """Have a command carried out for whoever makes a request; its errors are raised here."""
        return self._intake.submit(use_case, command, request.scope[ACTOR])
