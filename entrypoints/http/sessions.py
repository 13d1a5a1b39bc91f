"""Sessions of the console: a cookie that is good for as long as the key that opened it.

The cookie names the key, itself and a time, and is signed with the digest that is stored of that
key. So every process can check it, and it ends with its key. Nothing is stored of it until somebody
signs out; then its id is, for as long as the cookie would be good.
"""

import hmac
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from starlette.types import Scope

from domain.access import ApiKey

LIFETIME: Final = 12 * 3600
"""Seconds: a working day."""


class _Claim(NamedTuple):
    prefix: str
    id: str
    end: str


class _Keys(Protocol):
    def valid(self, prefix: str) -> ApiKey | None: ...
    def has_ended(self, session_id: str) -> bool: ...


def cookie(scope: Scope, what: str = "session") -> str:
    """Return the name of a cookie, which is another one for every instance on a host.

    Browsers send the cookies of a host to all of its ports, so that of two instances on one host
    each would sign out whoever signs in at the other. The port is the one that the browser asked
    for: a proxy passes it on in `Host`, as the console needs for its forms, too.

    Args:
        scope: the request's.
        what: is kept in it.
    """
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    try:
        port = urlsplit(f"//{headers.get(b'host', b'').decode('ascii')}").port
    except ValueError:
        port = None
    # A mounted application has a root path that is longer by where it is mounted.
    root: str = scope.get("app_root_path", scope.get("root_path", ""))
    parts = ["fairlead", what, *([] if port is None else [str(port)])]
    return "_".join([*parts, *re.findall(r"[A-Za-z0-9]+", root)])


def session_of(key: ApiKey) -> str:
    """Return a cookie that stands for a key."""
    claim = f"{key.prefix}.{secrets.token_urlsafe(16)}.{int(time.time()) + LIFETIME}"
    return f"{claim}.{_sign(key, 'session', claim)}"


def key_of_session(cookie: str, keys: _Keys) -> ApiKey | None:
    """Return the key that a cookie stands for; None if it is forged, too old, or revoked."""
    claim, _, signature = cookie.rpartition(".")
    key = keys.valid(claim.partition(".")[0])
    if key is None or not hmac.compare_digest(
        signature.encode(), _sign(key, "session", claim).encode()
    ):
        return None
    parts = claim.split(".")
    if len(parts) != len(_Claim._fields):
        # Signed by a release that gave sessions no id.
        return None
    claimed = _Claim(*parts)
    alive = time.time() < int(claimed.end) and not keys.has_ended(claimed.id)
    return key if alive else None


def end_of_session(cookie: str) -> tuple[str, datetime]:
    """Return the id of a session that is good, and when it would end by itself."""
    claimed = _Claim(*cookie.rpartition(".")[0].split("."))
    return claimed.id, datetime.fromtimestamp(int(claimed.end), UTC)


def form_token(key: ApiKey, cookie: str) -> str:
    """Return what the forms of a session carry, and no other site can know."""
    return _sign(key, "form", cookie)


def _sign(key: ApiKey, purpose: str, text: str) -> str:
    signature = hmac.digest(key.digest, f"{purpose}\0{text}".encode(), "sha256")
    return urlsafe_b64encode(signature).decode().rstrip("=")
