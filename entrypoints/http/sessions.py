"""Sessions of the console: a cookie that is good for as long as the key that opened it.

The cookie names the key and a time, and is signed with the digest that is stored of that key. So
every process can check it, nothing is stored for it, and it ends with its key.
"""

import hmac
import time
from base64 import urlsafe_b64encode
from typing import Final, Protocol

from domain.access import ApiKey

COOKIE: Final = "fairlead_session"
LIFETIME: Final = 12 * 3600
"""Seconds: a working day."""


class _Keys(Protocol):
    def valid(self, prefix: str) -> ApiKey | None: ...


def session_of(key: ApiKey) -> str:
    """Return a cookie that stands for a key."""
    claim = f"{key.prefix}.{int(time.time()) + LIFETIME}"
    return f"{claim}.{_sign(key, 'session', claim)}"


def key_of_session(cookie: str, keys: _Keys) -> ApiKey | None:
    """Return the key that a cookie stands for; None if it is forged, too old, or revoked."""
    claim, _, signature = cookie.rpartition(".")
    prefix, _, end = claim.partition(".")
    key = keys.valid(prefix)
    if key is None or not hmac.compare_digest(
        signature.encode(), _sign(key, "session", claim).encode()
    ):
        return None
    return key if time.time() < int(end) else None


def form_token(key: ApiKey, cookie: str) -> str:
    """Return what the forms of a session carry, and no other site can know."""
    return _sign(key, "form", cookie)


def _sign(key: ApiKey, purpose: str, text: str) -> str:
    signature = hmac.digest(key.digest, f"{purpose}\0{text}".encode(), "sha256")
    return urlsafe_b64encode(signature).decode().rstrip("=")
