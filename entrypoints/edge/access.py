"""Which permission each call needs: one table, from which the documentation is made as well.

`python -m entrypoints.edge.access docs/access.md` writes it there.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from domain.access import PERMISSIONS, Permission, Role
from entrypoints.edge.generated import with_generated
from entrypoints.edge.paths import compile_path

_READ, _OPERATE, _ADMINISTER = Permission.READ, Permission.OPERATE, Permission.ADMINISTER

CALLS: Final[Mapping[tuple[str, str], Permission]] = {
    ("POST", "/v1/contacts"): Permission.REGISTER,
    ("POST", "/v1/contacts/batch"): Permission.REGISTER,
    ("GET", "/v1/contacts"): _READ,
    # A key that may not read sees contacts of its source only, and nothing about the person.
    ("GET", "/v1/contacts/{contact_id}"): Permission.FOLLOW,
    ("GET", "/v1/contacts/{contact_id}/decision"): _READ,
    ("GET", "/v1/contacts/{contact_id}/history"): _READ,
    ("POST", "/v1/contacts/{contact_id}/close"): _OPERATE,
    ("POST", "/v1/contacts/{contact_id}/transfer"): _OPERATE,
    ("POST", "/v1/operators"): _ADMINISTER,
    ("GET", "/v1/operators"): _READ,
    ("GET", "/v1/operators/{operator_id}"): _READ,
    # Pausing is everyday work; a name or a capacity in the body needs `administer` as well.
    ("PATCH", "/v1/operators/{operator_id}"): _OPERATE,
    ("POST", "/v1/sources"): _ADMINISTER,
    ("GET", "/v1/sources"): _READ,
    ("GET", "/v1/sources/{key}"): _READ,
    ("PATCH", "/v1/sources/{key}"): _ADMINISTER,
    ("PUT", "/v1/sources/{key}/allocations"): _OPERATE,
    ("PATCH", "/v1/sources/{key}/allocations/{operator_id}"): _OPERATE,
    ("GET", "/v1/leads"): _READ,
    ("GET", "/v1/leads/{lead_id}"): _READ,
    ("GET", "/v1/leads/{lead_id}/export"): _READ,
    ("PATCH", "/v1/leads/{lead_id}"): _OPERATE,
    ("POST", "/v1/leads/{lead_id}/identities"): _OPERATE,
    ("DELETE", "/v1/leads/{lead_id}/identities/{kind}/{value:text}"): _OPERATE,
    ("DELETE", "/v1/leads/{lead_id}"): _ADMINISTER,
    ("GET", "/v1/stats/distribution"): _READ,
    ("GET", "/v1/stats/operators"): _READ,
    ("POST", "/v1/keys"): _ADMINISTER,
    ("GET", "/v1/keys"): _ADMINISTER,
    ("DELETE", "/v1/keys/{prefix}"): _ADMINISTER,
    ("GET", "/v1/audit"): _ADMINISTER,
    ("GET", "/v1/events"): _READ,
    ("GET", "/v1/events/stream"): _READ,
    ("POST", "/v1/endpoints"): _ADMINISTER,
    ("GET", "/v1/endpoints"): _ADMINISTER,
    ("GET", "/v1/endpoints/{endpoint_id}"): _ADMINISTER,
    ("PATCH", "/v1/endpoints/{endpoint_id}"): _ADMINISTER,
    ("DELETE", "/v1/endpoints/{endpoint_id}"): _ADMINISTER,
    ("POST", "/v1/endpoints/{endpoint_id}/test"): _ADMINISTER,
    ("POST", "/v1/endpoints/{endpoint_id}/rotate"): _ADMINISTER,
    ("POST", "/v1/endpoints/{endpoint_id}/enable"): _ADMINISTER,
    ("POST", "/v1/endpoints/{endpoint_id}/redeliver"): _ADMINISTER,
    ("GET", "/v1/endpoints/{endpoint_id}/deliveries"): _ADMINISTER,
    ("GET", "/readyz"): _READ,
    ("GET", "/metrics"): _READ,
    ("GET", "/"): _READ,
    ("GET", "/docs"): Permission.LEARN,
    ("GET", "/docs/problems"): Permission.LEARN,
    ("GET", "/docs/problems/{code}"): Permission.LEARN,
    ("GET", "/openapi.json"): Permission.LEARN,
    ("GET", "/static/{path:path}"): Permission.LEARN,
    ("GET", "/console/audit"): _ADMINISTER,
    ("GET", "/console/endpoints"): _ADMINISTER,
    ("GET", "/console/endpoints/{endpoint_id}"): _ADMINISTER,
    ("GET", "/console/{path:path}"): _READ,
    ("POST", "/console/demo"): _ADMINISTER,
    ("POST", "/console/try"): Permission.TRY,
    ("POST", "/console/operators"): _ADMINISTER,
    ("POST", "/console/operators/{operator_id}"): _ADMINISTER,
    ("POST", "/console/operators/{operator_id}/active"): _OPERATE,
    ("POST", "/console/operators/{operator_id}/contacts"): _OPERATE,
    ("POST", "/console/sources"): _ADMINISTER,
    ("POST", "/console/sources/{key}"): _ADMINISTER,
    ("POST", "/console/sources/{key}/weights"): _OPERATE,
    ("POST", "/console/weights"): _OPERATE,
    ("POST", "/console/contacts"): _OPERATE,
    ("POST", "/console/contacts/{contact_id}/close"): _OPERATE,
    ("POST", "/console/contacts/{contact_id}/transfer"): _OPERATE,
    ("POST", "/console/leads/{lead_id}"): _OPERATE,
    ("POST", "/console/endpoints"): _ADMINISTER,
    ("POST", "/console/endpoints/{endpoint_id}"): _ADMINISTER,
    ("POST", "/console/endpoints/{endpoint_id}/try"): _ADMINISTER,
    ("POST", "/console/endpoints/{endpoint_id}/rotate"): _ADMINISTER,
    ("POST", "/console/endpoints/{endpoint_id}/enable"): _ADMINISTER,
    ("POST", "/console/endpoints/{endpoint_id}/redeliver"): _ADMINISTER,
    ("POST", "/console/endpoints/{endpoint_id}/delete"): _ADMINISTER,
}
"""Permissions by method and path. A call that is not listed needs a key of any role, and ends in
404 or 405."""

VIEWED: Final = frozenset({"/console/sign-in", "/console/sign-out", "/console/preferences"})
"""Pages that need no key, and look different to the owner of a session."""

OPEN: Final = VIEWED | {"/healthz"}
"""Paths that need no key: they reveal nothing, and change only the visitor's own session and
preferences."""

_PLAIN: Final = {call: permission for call, permission in CALLS.items() if "{" not in call[1]}
# Every path, the plain ones too: the router's patterns also match a path with a line break at its
# end, and what the router matches must match here as well.
_PATTERNS: Final = [
    (method, compile_path(path)[0], path, permission)
    for (method, path), permission in CALLS.items()
]


def needed(method: str, path: str) -> Permission | None:
    """Return the permission that a call needs; None if there is no such call."""
    method = "GET" if method == "HEAD" else method
    found = _PLAIN.get((method, path))
    if found is not None:
        return found
    return next(
        (
            permission
            for each, pattern, _, permission in _PATTERNS
            if each == method and pattern.match(path)
        ),
        None,
    )


def template_of(path: str) -> str:
    """Return the route template of a path; it holds nothing that a client has written.

    An unknown path is `unmatched`: somebody may have put a key or a phone number into it.
    """
    if path in OPEN:
        return path
    return next(
        (template for _, pattern, template, _ in _PATTERNS if pattern.match(path)), "unmatched"
    )


def is_open(path: str) -> bool:
    """Tell whether a path needs no key."""
    return path in OPEN or path.startswith("/console/static/")


def table() -> str:
    """Return a Markdown table of which role may make which call."""
    lines = [
        f"| call | needs | {' | '.join(Role)} |",
        f"| --- | --- |{' --- |' * len(Role)}",
        *(
            f"| {method} {path} | {permission} | {_marks(permission)} |"
            for (method, path), permission in CALLS.items()
        ),
    ]
    return "".join(f"{each}\n" for each in lines)


def _marks(permission: Permission) -> str:
    return " | ".join("yes" if permission in PERMISSIONS[role] else "" for role in Role)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(with_generated(target.read_text("utf-8"), table()), "utf-8")
