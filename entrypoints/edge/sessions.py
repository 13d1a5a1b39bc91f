"""Console sessions: a cookie that is valid no longer than the key that opened it.

The cookie holds the key's prefix, an id and the time of its end, and is signed with the stored
digest of that key. So every process can check it, and it ends with its key. Nothing about it is
stored until somebody signs out; then its id is, for as long as the cookie would be valid.
"""

import hmac
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Protocol
from urllib.parse import urlsplit

from starlette.types import Scope

from domain.access import ApiKey, Session

LIFETIME: Final = 12 * 3600
"""Seconds: a working day."""


_CLAIM: Final = re.compile(r"(flk_[a-z0-9]{10})\.([A-Za-z0-9_-]{22})\.([0-9]{1,12})")
"""Anyone who holds a key can sign any claim for it, so a claim must have the form made here."""
_SLACK: Final = 60
"""Seconds by which the clocks of two processes may differ."""


class _Keys(Protocol):
    def valid(self, prefix: str) -> ApiKey | None: ...
    def has_ended(self, session: Session) -> bool: ...


def cookie(scope: Scope, what: str = "session") -> str:
    """Return the name of a cookie, a different one for every instance on a host.

    Browsers send a host's cookies to all of its ports. With one name, each of two instances on a
    host would sign out the people who sign in at the other. The port is the one that the browser
    asked for: a proxy passes it on in `Host`, which the console needs for its forms as well.

    Args:
        scope: of the request.
        what: the cookie holds.
    """
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    try:
        port = urlsplit(f"//{headers.get(b'host', b'').decode('ascii')}").port
    except ValueError:
        port = None
    # The root path of a mounted application also includes where it is mounted.
    root: str = scope.get("app_root_path", scope.get("root_path", ""))
    parts = ["fairlead", what, *([] if port is None else [str(port)])]
    return "_".join([*parts, *re.findall(r"[A-Za-z0-9]+", root)])


def session_of(key: ApiKey) -> str:
    """Return a cookie that stands for a key."""
    claim = f"{key.prefix}.{secrets.token_urlsafe(16)}.{int(time.time()) + LIFETIME}"
    return f"{claim}.{_sign(key, 'session', claim)}"


def key_of_session(cookie: str, keys: _Keys) -> ApiKey | None:
    """Return the key that a cookie stands for; None if it is forged, expired or revoked."""
    found = read_session(cookie, keys)
    return None if found is None else found[0]


def read_session(cookie: str, keys: _Keys) -> tuple[ApiKey, Session] | None:
    """Return a valid session and its key; None for any other cookie."""
    claim, _, signature = cookie.rpartition(".")
    claimed = _CLAIM.fullmatch(claim)
    key = None if claimed is None else keys.valid(claimed[1])
    if claimed is None or key is None:
        return None
    if not hmac.compare_digest(signature.encode(), _sign(key, "session", claim).encode()):
        return None
    now, end = time.time(), int(claimed[3])
    if not now < end <= now + LIFETIME + _SLACK:
        return None
    session = Session(key.prefix, claimed[2], datetime.fromtimestamp(end, UTC))
    return None if keys.has_ended(session) else (key, session)


def form_token(key: ApiKey, cookie: str) -> str:
    """Return the token that the forms of a session carry and no other site can know."""
    return _sign(key, "form", cookie)


def _sign(key: ApiKey, purpose: str, text: str) -> str:
    signature = hmac.digest(key.digest, f"{purpose}\0{text}".encode(), "sha256")
    return urlsafe_b64encode(signature).decode().rstrip("=")
