"""Where a call comes from: this machine or another, the service's own page or another host's."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

PEER: Final = "fairlead.peer"
"""Where our server puts in a request's scope who is at the other end of the connection: a proxy, if
`client` is somebody else. Other servers do not set it."""

_FORWARDED_FOR: Final = b"x-forwarded-for"
_RELAYED: Final = (_FORWARDED_FOR, b"forwarded", b"x-real-ip", b"via")
_READING: Final = frozenset({"GET", "HEAD"})

Headers = Mapping[bytes, bytes]


def is_local(scope: Scope, headers: Headers) -> bool:
    """Tell whether a call comes from this machine and is meant for it.

    The host is checked as well: a public name that leads to this machine comes from a proxy that
    does not say whom it calls for, or from a page that tricks this machine's browser.
    """
    client: tuple[str, int] | None = scope["client"]
    return (
        client is not None
        and _is_loopback(client[0])
        and _is_named_local(headers.get(b"host", b""))
        and not any(
            _is_of_a_stranger(scope, name, value)
            for name, value in scope["headers"]
            if name in _RELAYED
        )
    )


def is_foreign(method: str, headers: Headers) -> bool:
    """Tell whether a page of another host makes a browser send this.

    Any page on the web can make a browser send a form to an address that only this browser can
    reach. Browsers say where a form comes from; a client that does not is not a browser. Whoever
    follows a link comes from elsewhere and is welcome; a page that wants to read the answer, which
    `entrypoints.edge.cors` may allow it, says its origin.
    """
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if method == "OPTIONS" or (method in _READING and origin is None):
        return False
    if site is not None:
        return site not in {b"same-origin", b"none"}
    return origin is not None and _host_of(origin) != headers.get(b"host")


def _is_of_a_stranger(scope: Scope, name: bytes, value: bytes) -> bool:
    """Tell whether a header says that the call was passed on for an unknown caller.

    The server has already applied what a trusted proxy said: then `client` is whom that proxy
    named. If every network is trusted, it is whom the caller itself named, so every address on the
    way must be of this machine.
    """
    taken = name == _FORWARDED_FOR and scope.get(PEER, scope["client"]) is not scope["client"]
    return not taken or not all(
        _is_loopback(each.strip()) for each in value.decode("latin-1").split(",")
    )


def _host_of(origin: bytes) -> bytes | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _is_named_local(host: bytes) -> bool:
    try:
        name = urlsplit(f"//{host.decode('ascii')}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


@lru_cache(maxsize=1024)
def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
        # A dual-stack socket shows 127.0.0.1 as ::ffff:127.0.0.1.
        return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
    except ValueError:
        return False
