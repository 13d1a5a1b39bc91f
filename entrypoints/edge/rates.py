"""How many calls a key may make: a token bucket for each key, in each process."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Final

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.access import ApiKey
from entrypoints.edge.gate import KEY
from entrypoints.edge.problems import Refusal, answer_error

SPEND: Final = "fairlead.spend"
"""Where a scope holds the function that makes a call count as several, if calls are counted."""

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of calls in a number of seconds."""

    calls: int
    seconds: int

    @classmethod
    def of(cls, text: str) -> "Rate":
        """Read `100/s`, `1000/m` or `20000/h`, which the settings have checked."""
        calls, _, unit = text.partition("/")
        return cls(int(calls), _SECONDS[unit])


@dataclass(frozen=True, slots=True)
class Taken:
    """What a key has left after a call.

    Attributes:
        granted: the call may be made.
        remaining: calls that could be made right now.
        wait: seconds until all calls can be made again; if none can be made now, until one can.
    """

    granted: bool
    remaining: int
    wait: int


class Buckets:
    """A bucket for every key that has called: full at first, and refilled as time goes by.

    Only valid keys get here, so there are no more buckets than keys.
    """

    def __init__(self, rate: Rate, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._calls = rate.calls
        self._per_second = rate.calls / rate.seconds
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, prefix: str) -> Taken:
        """Take a token out of a key's bucket."""
        now = self._now()
        level, at = self._levels.get(prefix, (float(self._calls), now))
        level = min(self._calls, level + (now - at) * self._per_second)
        granted = level >= 1
        if granted:
            level -= 1
        self._levels[prefix] = (level, now)
        return Taken(granted, *self._left(level))

    def spend(self, prefix: str, calls: int) -> Taken:
        """Take more tokens for a call that was granted, even those that are not there yet.

        A client that sends a thousand contacts in one call must wait as if it had made a thousand
        calls. This is granted while nothing is owed: of many such calls that were let in together,
        only to the first.
        """
        level, at = self._levels[prefix]
        granted = calls <= 0 or level >= 0
        if granted:
            level -= max(calls, 0)
            self._levels[prefix] = (level, at)
        return Taken(granted, *self._left(level))

    def _left(self, level: float) -> tuple[int, int]:
        missing = self._calls - level if level >= 1 else 1 - level
        return max(0, int(level)), max(1, ceil(missing / self._per_second))


class RateLimit:
    """Refuses a key that makes more calls than it may; runs behind the gate, which knows the key.

    Every response says what is left, in the headers of draft-ietf-httpapi-ratelimit-headers-11.
    If no rate is set, this layer is left out.
    """

    def __init__(self, app: ASGIApp, rate: Rate, now: Callable[[], float] = monotonic) -> None:
        self._app = app
        self._buckets = Buckets(rate, now)
        self._rate = rate
        self._policy = (b"ratelimit-policy", f'"key";q={rate.calls};w={rate.seconds}'.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a call of a key; pass it on, or refuse it."""
        key: ApiKey | None = scope[KEY] if scope["type"] == "http" else None
        if key is None:
            await self._app(scope, receive, send)
            return
        prefix = key.prefix
        taken = self._buckets.take(prefix)

        def spend(calls: int) -> None:
            nonlocal taken
            taken = self._buckets.spend(prefix, calls)
            if not taken.granted:
                raise self._refusal(taken)

        scope[SPEND] = spend

        async def send_and_tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = f'"key";r={taken.remaining};t={taken.wait}'.encode()
                more = (self._policy, (b"ratelimit", told))
                message["headers"] = [*message.get("headers", ()), *more]
            await send(message)

        if taken.granted:
            await self._app(scope, receive, send_and_tell)
            return
        answer = await answer_error(Request(scope, receive), self._refusal(taken))
        await answer(scope, receive, send_and_tell)

    def _refusal(self, taken: Taken) -> Refusal:
        return Refusal(
            "rate_limited",
            f"this key may make {self._rate.calls} calls in {self._rate.seconds} s; "
            f"try again in {taken.wait} s.",
            {"Retry-After": str(taken.wait)},
        )
