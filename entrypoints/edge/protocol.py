"""The server's side of a connection, for clients that are slow or never stop sending.

uvicorn closes a connection that is idle between two requests. But it waits forever for the first
request and for the rest of one that has begun, and it keeps any number of headers.
"""

from asyncio import TimerHandle, Transport
from functools import cache
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from entrypoints.edge.bounds import HEADER_BYTES, too_large_refusal
from entrypoints.edge.origins import PEER
from entrypoints.edge.problems import MEDIA_TYPE, Refusal, problem
from entrypoints.edge.request_ids import GUARDS
from entrypoints.settings import Settings

PATIENCE: Final = 20.0
"""Seconds in which a connection's first request, and every one that has begun, must arrive."""
_MOST: Final = 32 * 1024 * 1024
"""Bytes of one request on the wire: eight times the largest body, since a chunk of one byte takes
six."""
_LINGER: Final = 1.0
"""Seconds for a client to read why it was refused. Closing immediately, with bytes of it unread,
would reset the connection, and the response would be lost."""


class _Trailers(list[tuple[bytes, bytes]]):
    """Discards what is appended."""

    def append(self, trailer: tuple[bytes, bytes], /) -> None:
        pass


_TRAILERS: Final = _Trailers()
_NONE: Final = object()


@cache
def _root() -> str:
    """Return the path that the service is served under.

    The server makes a protocol from its name alone, and reads its settings from the environment.
    """
    return Settings().root_path


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol with limits to its patience.

    A timer runs only while a client owes something: a request that arrives in one piece, as nearly
    all do, costs three calls and no timer.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._deadline: TimerHandle | None = None
        self._complete: object = _NONE
        """The scope of the last request that has arrived in full."""
        self._counted: object = _NONE
        """The scope of the request whose bytes are counted."""
        self._bytes = 0
        self._refused = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start the timer."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(PATIENCE, self._out_of_patience)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._calm_down()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take the data, and check whether more must follow."""
        if self._refused:
            return
        super().data_received(data)
        if self._complete is self.scope and not self.cycle.response_complete:
            # All of it is here and is being processed.
            if self._deadline is not None:
                self._calm_down()
            return
        if self._deadline is None:
            self._deadline = self.loop.call_later(PATIENCE, self._out_of_patience)
        # A request may begin anywhere in this data: only later data certainly belongs to it.
        if self._counted is not self.scope:
            self._counted, self._bytes = self.scope, 0
            return
        self._bytes += len(data)
        if self._bytes > HEADER_BYTES and self._in_headers():
            self._refuse(too_large_refusal())
        elif self._bytes > _MOST:
            self.transport.close()

    def on_message_begin(self) -> None:
        """Note who is at the other end, before a proxy's headers name somebody else."""
        super().on_message_begin()
        self.scope[PEER] = self.client  # type: ignore[typeddict-unknown-key]

    def on_headers_complete(self) -> None:
        """Let the request in; nothing after its body counts as a header.

        Trailers could say who calls for whom, past a proxy that checks only headers.
        """
        super().on_headers_complete()
        self.headers = _TRAILERS

    def on_message_complete(self) -> None:
        """Note that the request is complete."""
        self._complete = self.scope
        super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing: what a client asks for is not our problem, and would fill the log."""

    def _in_headers(self) -> bool:
        """Tell whether a request has begun and its headers are not all here."""
        return self.scope is not self._complete and self.scope is not getattr(
            self.cycle, "scope", None
        )

    def _working(self) -> bool:
        """Tell whether an answer is owed or on its way."""
        return not getattr(self.cycle, "response_complete", True)

    def _calm_down(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _out_of_patience(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self._working():
            # The service itself takes its time, or waits for a body with its own timeout.
            self._deadline = self.loop.call_later(PATIENCE, self._out_of_patience)
        elif self._in_headers():
            self._refuse(
                Refusal(
                    "request_timeout",
                    f"the request did not arrive within {PATIENCE:.0f} s; send it without pauses.",
                )
            )
        else:
            self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer a request before enough of it has arrived for the application to do so."""
        self._refused = True
        if self._working():
            # An earlier response is still being sent, and nothing can be put in its middle.
            self.transport.close()
            return
        described = problem(refusal.code, refusal.detail).below(_root())
        content = described.model_dump_json().encode()
        self.transport.write(
            STATUS_LINE[refusal.status_code]
            + b"content-type: %b\r\n" % MEDIA_TYPE.encode()
            + b"".join(b"%b: %b\r\n" % each for each in GUARDS)
            + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(content)
            + content
        )
        self._calm_down()
        self._deadline = self.loop.call_later(_LINGER, self.transport.close)
