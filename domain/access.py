"""Who may do what: API keys, their roles, and what each role permits."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

from domain import limits
from domain.errors import InvalidValue


class Permission(StrEnum):
    """A kind of call.

    LEARN shows how calls are made. FOLLOW shows a contact whose id the caller has; without READ,
    only a contact of the caller's own source, and nothing about the person. TRY registers contacts
    by hand, on a page that shows which sources there are.
    """

    REGISTER = "register"
    TRY = "try"
    LEARN = "learn"
    FOLLOW = "follow"
    READ = "read"
    OPERATE = "operate"
    ADMINISTER = "administer"


class Role(StrEnum):
    """What a key is for."""

    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    VIEWER = "viewer"
    INTAKE = "intake"


_SEES: Final = frozenset({Permission.LEARN, Permission.FOLLOW, Permission.READ})
PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.ADMIN: frozenset(Permission),
    Role.SUPERVISOR: frozenset({*_SEES, Permission.OPERATE}),
    Role.VIEWER: _SEES,
    Role.INTAKE: frozenset({Permission.REGISTER, Permission.LEARN, Permission.FOLLOW}),
}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as it is stored: what it opens, and a digest of the key itself.

    Attributes:
        prefix: the visible part, `flk_` and ten characters; it names the key.
        digest: SHA-256 of the whole key. The key is 32 random bytes: nobody can guess it, and the
            digest needs no salt.
        source_key: the one source whose contacts an `intake` key registers; None for all.
        expires_at: the first moment at which it is no longer valid; None for never.
        revoked_at: when somebody revoked it.
    """

    prefix: str
    digest: bytes
    role: Role
    created_at: datetime
    name: str | None = None
    source_key: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.name is not None:
            # Frozen. The name is kept as checked, without surrounding white space.
            object.__setattr__(self, "name", limits.short_text(self.name, "name"))
        if self.source_key is not None and self.role is not Role.INTAKE:
            raise InvalidValue(
                "only a key with the role intake can be bound to a source.", field="source"
            )

    def opens(self, presented: str, at: datetime) -> bool:
        """Tell whether this is the key presented, and whether it is still valid.

        It takes as long for a key that is nearly right as for one that is wholly wrong.
        """
        right = hmac.compare_digest(self.digest, digest_of(presented))
        return right and self.valid(at)

    def valid(self, at: datetime) -> bool:
        """Tell whether it has neither expired nor been revoked."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)

    def permits(self, permission: Permission) -> bool:
        """Tell whether its role permits a kind of call."""
        return permission in PERMISSIONS[self.role]


@dataclass(frozen=True, slots=True)
class Session:
    """A session of the console, opened by a key.

    Attributes:
        prefix: the key's prefix.
        id: tells it apart from the key's other sessions; empty for all of them that expire no
            later than this.
        ends_at: when it expires.
    """

    prefix: str
    id: str
    ends_at: datetime

    @property
    def name(self) -> str:
        """Return the name that it is stored by."""
        return f"{self.prefix}.{self.id}"

    def every(self, until: datetime) -> "Session":
        """Return a session that stands for all of its key's sessions that expire by then."""
        return Session(self.prefix, "", until)


PREFIX: Final = "flk_"
_NAME: Final = 10
"""Characters of a prefix after PREFIX."""
_LENGTH: Final = len(PREFIX) + _NAME
KEY_PREFIX: Final = rf"^{PREFIX}[a-z0-9]{{{_NAME}}}$"


def digest_of(key: str) -> bytes:
    """Return the digest that is stored for a key."""
    return sha256(key.encode("utf-8", "surrogatepass")).digest()


def prefix_of(key: str) -> str | None:
    """Return the visible part of a key; None if the text cannot be a key."""
    return key[:_LENGTH] if key[_LENGTH : _LENGTH + 1] == "_" and key.startswith(PREFIX) else None
