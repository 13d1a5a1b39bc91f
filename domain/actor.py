"""Who acts: somebody with a key, or whoever needs none."""

from dataclasses import dataclass
from typing import Final

from domain.access import PERMISSIONS, ApiKey, Permission, Role
from domain.contact import Contact
from domain.errors import Forbidden
from domain.ids import OperatorId


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something, with what that is bound to.

    Attributes:
        name: as the audit log has it; see `domain.audit.AuditEntry`.
        source_key: the one source that it registers contacts of and sees those of; None for all.
        operator_id: the one operator whose contacts it sees; None for all.
    """

    name: str
    role: Role = Role.ADMIN
    source_key: str | None = None
    operator_id: OperatorId | None = None

    @classmethod
    def holding(cls, key: ApiKey) -> "Actor":
        """Return who acts by a key."""
        return cls(key.prefix, key.role, key.source_key)

    @property
    def reads(self) -> bool:
        """Whether it may know of people what it has not said itself."""
        return Permission.READ in PERMISSIONS[self.role]

    def sees(self, contact: Contact) -> bool:
        """Tell whether a contact is there for it: the one predicate of whatever shows contacts."""
        return self.source_key in {None, contact.source_key} and (
            self.operator_id is None or self.operator_id == contact.operator_id
        )

    def require_source(self, source_key: str) -> None:
        """Keep to the source that it is bound to.

        Raises:
            Forbidden: it is bound to another one.
        """
        if self.source_key not in {None, source_key}:
            raise Forbidden(
                f"this key registers contacts of {self.source_key!r} only.", field="source"
            )


LOCAL: Final = Actor("local")
COMMAND: Final = Actor("command")
SCRIPT: Final = Actor("script")
TIMER: Final = Actor("timer")
