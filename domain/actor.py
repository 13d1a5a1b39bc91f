"""Who acts: somebody with a key, or whoever needs none."""

from dataclasses import dataclass
from typing import Final

from domain.access import PERMISSIONS, ApiKey, Permission, Role
from domain.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something, with what that is bound to.

    Attributes:
        name: as the audit log has it; see `domain.audit.AuditEntry`.
        source_key: the one source that it registers contacts of and sees those of; None for all.
    """

    name: str
    role: Role = Role.ADMIN
    source_key: str | None = None

    @classmethod
    def holding(cls, key: ApiKey) -> "Actor":
        """Return who acts by a key."""
        return cls(key.prefix, key.role, key.source_key)

    @property
    def reads(self) -> bool:
        """Whether it may know of people what it has not said itself."""
        return Permission.READ in PERMISSIONS[self.role]

    def sees(self, source_key: str) -> bool:
        """Tell whether contacts of a source are there for it."""
        return self.source_key in {None, source_key}

    def require_source(self, source_key: str) -> None:
        """Keep to the source that it is bound to.

        Raises:
            Forbidden: it is bound to another one.
        """
        if not self.sees(source_key):
            raise Forbidden(
                f"this key registers contacts of {self.source_key!r} only.", field="source"
            )


LOCAL: Final = Actor("local")
COMMAND: Final = Actor("command")
SCRIPT: Final = Actor("script")
