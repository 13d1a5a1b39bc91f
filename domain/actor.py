"""Who acts: the holder of an API key, or an actor that needs none."""

from dataclasses import dataclass
from typing import Final

from domain.access import PERMISSIONS, ApiKey, Permission, Role
from domain.contact import Contact
from domain.errors import Forbidden
from domain.ids import OperatorId


@dataclass(frozen=True, slots=True)
class Actor:
    """Anyone who asks for something, with the source or operator that they are bound to.

    Attributes:
        name: as it appears in the audit log; see `domain.audit.AuditEntry`.
        source_key: the one source whose contacts it registers and sees; None for all.
        operator_id: the one operator whose contacts it sees; None for all.
    """

    name: str
    role: Role = Role.ADMIN
    source_key: str | None = None
    operator_id: OperatorId | None = None

    @classmethod
    def holding(cls, key: ApiKey) -> "Actor":
        """Return the actor that a key stands for."""
        return cls(key.prefix, key.role, key.source_key)

    @property
    def reads(self) -> bool:
        """Whether it may know more about people than it has said itself."""
        return Permission.READ in PERMISSIONS[self.role]

    def sees(self, contact: Contact) -> bool:
        """Tell whether it may see a contact: the one predicate for all that shows contacts."""
        return self.source_key in {None, contact.source_key} and (
            self.operator_id is None or self.operator_id == contact.operator_id
        )

    def require_source(self, source_key: str) -> None:
        """Refuse any source but the one that it is bound to.

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
