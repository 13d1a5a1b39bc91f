"""Messages to endpoints by Standard Webhooks 1.0, over httpx."""

import asyncio
import hashlib
import hmac
import re
import socket
import ssl
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from threading import Thread
from time import monotonic
from typing import Final, NamedTuple
from uuid import UUID

import httpx

from adapters.addresses import Address, Hosts, literal
from application.ports.sender import Message, Receipt, Sender
from domain.errors import InvalidValue

_BODY: Final = 1.0
"""Seconds for the body of an answer."""
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
_PORTS: Final = 1 << 16
_MOST_READ: Final = 16 * 1024
"""Bytes of an answer's body that are read, so that the connection can be used again."""
_IDLE: Final = 20.0
"""Seconds for which a connection is kept."""
_REASON: Final = 100
"""Characters of a receiver's reason that are told: it may send 100 kB, for each delivery."""


class _Idle(NamedTuple):
    """A connection that waits for its next message, since a moment."""

    lane: httpx.AsyncHTTPTransport
    since: float


class WebhookSender(Sender):
    """Sends messages, each to an address that was checked for this very attempt.

    The name is resolved here and the connection made to the address found, so nobody can answer a
    second question differently. Redirects are not followed, and proxies of the environment not
    used: both would lead elsewhere.

    Args:
        hosts: those that may be sent to although they are not public.
        version: that of the service, for the header `User-Agent`.
        lookup: finds the addresses of a name; raises OSError if it has none. It may wait.
        patience: seconds for the whole of an attempt, up to the head of the answer.
        keep: seconds for which a connection is kept that nothing is sent by.
    """

    def __init__(
        self,
        hosts: Hosts,
        version: str,
        lookup: Callable[[str], Sequence[Address]] | None = None,
        patience: float = 15.0,
        keep: float = _IDLE,
    ) -> None:
        self._hosts = hosts
        self._lookup = lookup or addresses_of
        self._patience, self._keep = patience, keep
        self._agent = f"Fairlead/{version}"
        # By name: a connection is encrypted for one name, and an address may have several. Each
        # transport has one connection, and a message takes 0.4 ms: with one transport that has
        # sixteen it took 1.0, because every message looks at all of them several times. The one
        # used last is at the end.
        self._idle: defaultdict[str, list[_Idle]] = defaultdict(list)
        self._tidying: asyncio.Task[None] | None = None
        self._asked: dict[str, Future[Sequence[Address]]] = {}

    def open(self) -> None:
        # httpx imports half of itself for the first one.
        self._lane()

    def check(self, url: str) -> None:
        target = _parse(url)
        host = _host(target)
        address = literal(host)
        try:
            found = self._lookup(host) if address is None else [address]
        except (OSError, UnicodeError):
            raise InvalidValue(
                f"the host {host} is not known; look for a typing error.", field="url"
            ) from None
        self._choose(target, found)

    async def send(self, url: str, message: Message) -> Receipt:
        try:
            async with asyncio.timeout(self._patience) as limit:
                return await self._send(_parse(url), message, limit)
        except TimeoutError:
            return Receipt(None, f"there was no answer within {self._patience:.0f} seconds.")
        except InvalidValue as refusal:
            return Receipt(None, refusal.detail)
        except httpx.HTTPError as error:
            return Receipt(None, f"{_said(error)}.")

    async def close(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
        while self._idle:
            _, lanes = self._idle.popitem()
            for each in lanes:
                await each.lane.aclose()

    async def _send(self, target: httpx.URL, message: Message, limit: asyncio.Timeout) -> Receipt:
        host = _host(target)
        address = literal(host)
        try:
            found = [address] if address is not None else await self._look_up(host)
        except (OSError, UnicodeError):
            return Receipt(None, f"the host {host} is not known.")
        *others, last = self._choose(target, found)
        # A machine may have addresses that cannot be reached from here, of IPv6 for example.
        for each in others:
            with suppress(httpx.ConnectError):
                return await self._send_to(each, target, message, limit)
        return await self._send_to(last, target, message, limit)

    async def _send_to(
        self, address: Address, target: httpx.URL, message: Message, limit: asyncio.Timeout
    ) -> Receipt:
        host = _host(target)
        request = httpx.Request(
            "POST",
            target.copy_with(host=str(address)),
            content=message.body,
            headers={"Host": target.netloc.decode("ascii"), **self._headers(message)},
            # The dot that ends a full name is no part of what a certificate is made out to.
            extensions={"sni_hostname": host.rstrip(".")},
        )
        # One that was kept may have been closed at the other end just now.
        with suppress(httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if self._idle[host]:
                return await self._exchange(request, self._idle[host].pop().lane, host, limit)
        return await self._exchange(request, self._lane(), host, limit)

    async def _exchange(
        self,
        request: httpx.Request,
        lane: httpx.AsyncHTTPTransport,
        host: str,
        limit: asyncio.Timeout,
    ) -> Receipt:
        """Send a request and read the answer; the connection then waits for the next one."""
        try:
            answer = await lane.handle_async_request(request)
            # Its head has said what became of the message; the rest only frees the connection.
            limit.reschedule(None)
        except BaseException:
            await lane.aclose()
            raise
        try:
            with suppress(httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(_BODY):
                    await _drain(answer)
        finally:
            await answer.aclose()
        self._idle[host].append(_Idle(lane, monotonic()))
        if self._tidying is None or self._tidying.done():
            self._tidying = asyncio.create_task(self._tidy())
        return _receipt(answer)

    async def _tidy(self) -> None:
        """Close connections that were kept for long enough, until there are none.

        httpx closes them only with the next message, so the files of a hundred endpoints, sixteen
        connections each, would stay open: more than a process may have by default.
        """
        while self._idle:
            await asyncio.sleep(self._keep / 2)
            for host in list(self._idle):
                lanes = self._idle[host]
                while lanes and monotonic() - lanes[0].since >= self._keep:
                    await lanes.pop(0).lane.aclose()
                if not lanes:
                    del self._idle[host]

    async def _look_up(self, host: str) -> Sequence[Address]:
        """Return the addresses of a name; who asks for the same one meanwhile gets the same answer.

        Each name has a thread of its own, which nobody waits for at the end. A lookup may hang for
        a minute and cannot be broken off: in a pool it would hold up all other endpoints.
        """
        asked = self._asked.get(host)
        if asked is None:
            asked = Future()
            asked.set_running_or_notify_cancel()
            thread = Thread(target=self._ask, args=(host, asked), name="lookup", daemon=True)
            self._asked[host] = asked
            try:
                thread.start()
            except RuntimeError:
                # No more threads: the next attempt must ask again.
                del self._asked[host]
                raise
        return await asyncio.wrap_future(asked)

    def _ask(self, host: str, asked: Future[Sequence[Address]]) -> None:
        try:
            found = self._lookup(host)
        except Exception as error:  # noqa: BLE001 -- whoever asked gets it
            del self._asked[host]
            asked.set_exception(error)
        else:
            del self._asked[host]
            asked.set_result(found)

    def _headers(self, message: Message) -> dict[str, str]:
        at = str(int(message.at.timestamp()))
        signatures = [signature(each, message.id, at, message.body) for each in message.secrets]
        return {
            "Content-Type": "application/json",
            "User-Agent": self._agent,
            "webhook-id": str(message.id),
            "webhook-timestamp": at,
            "webhook-signature": " ".join(signatures),
        }

    def _choose(self, target: httpx.URL, addresses: Sequence[Address]) -> list[Address]:
        """Return the addresses that a message may be sent to.

        Raises:
            InvalidValue: there is none.
        """
        host = _host(target)
        permitted = [each for each in addresses if self._hosts.permit(host, each)]
        if not permitted:
            raise InvalidValue(
                f"{host} is not public; name the host, its address or its network in "
                "FAIRLEAD_ENDPOINT_HOSTS if deliveries may go there.",
                field="url",
            )
        if target.scheme == "http":
            permitted = [each for each in permitted if self._hosts.name(host, each)]
        if not permitted:
            raise InvalidValue(
                "url must begin with https://; only hosts named in FAIRLEAD_ENDPOINT_HOSTS may be "
                "sent to without encryption.",
                field="url",
            )
        return permitted

    def _lane(self) -> httpx.AsyncHTTPTransport:
        limits = httpx.Limits(max_connections=1, keepalive_expiry=self._keep)
        return httpx.AsyncHTTPTransport(verify=certificates(), trust_env=False, limits=limits)


@cache
def certificates() -> ssl.SSLContext:
    """Return what receivers are recognised by; reading it takes some 25 ms."""
    return ssl.create_default_context()


def signature(secret: str, message_id: UUID, at: str, body: bytes) -> str:
    """Sign a message; see standardwebhooks.com, "Signature scheme"."""
    key = b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{b64encode(signed).decode()}"


def _parse(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise InvalidValue(f"url is no URL: {error}.", field="url") from None
    if target.scheme not in {"https", "http"} or not target.raw_host:
        raise InvalidValue(
            "url must be a whole address such as https://example.com/hooks.", field="url"
        )
    if not (literal(_host(target)) or _NAME.fullmatch(_host(target))) or (
        target.port is not None and not 0 < target.port < _PORTS
    ):
        raise InvalidValue("url is no URL: its host or port cannot be one.", field="url")
    if target.userinfo:
        raise InvalidValue(
            "url must not contain a name or a password; deliveries are signed, which proves more.",
            field="url",
        )
    return target


def _host(target: httpx.URL) -> str:
    """Return the host as it is sent and looked up: a name in ASCII.

    `httpx.URL.host` has it in Unicode. The standard library encodes that differently, so it would
    look up, and check the certificate of, another host: of `faß.de` it makes `fass.de`. Besides,
    `host` fails for a name that only seems to be encoded.
    """
    return target.raw_host.decode("ascii")


def addresses_of(host: str) -> list[Address]:
    """Return the addresses of a name, in the order in which they are to be tried.

    Raises:
        OSError: it has none.
        UnicodeError: it is no name.
    """
    infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [each for info in infos if (each := literal(str(info[4][0]))) is not None]


async def _drain(answer: httpx.Response) -> None:
    read = 0
    async for part in answer.aiter_raw():
        read += len(part)
        if read > _MOST_READ:
            return


def _receipt(answer: httpx.Response) -> Receipt:
    status = answer.status_code
    if answer.is_success:
        return Receipt(status, None)
    reason = "".join(filter(str.isprintable, answer.reason_phrase))[:_REASON]
    error = f"the receiver answered {status} {reason}".rstrip() + "."
    if answer.is_redirect:
        error = f"the receiver answered {status}: redirects are not followed; change the URL."
    return Receipt(status, error, _retry_after(answer.headers.get("Retry-After")))


def _retry_after(value: str | None) -> timedelta | None:
    """Read seconds, or a moment."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value), 10**9))
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    at = at.replace(tzinfo=at.tzinfo or UTC)
    return max(at - datetime.now(UTC), timedelta())


def _said(error: httpx.HTTPError) -> str:
    """Say what went wrong, without what the error may quote of the request."""
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            cause = str(error) or type(error).__name__
            return f"no connection to the receiver: {cause}"
        case httpx.RemoteProtocolError():
            return "the receiver broke off, or did not answer in HTTP"
        case _:
            return f"the connection broke: {type(error).__name__}"
