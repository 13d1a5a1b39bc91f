"""A receiver of webhooks that is often in trouble itself, and remembers what it took."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from standardwebhooks import Webhook

_AWAY: Final = 0.3


class Mailbox:
    """Takes every event, most at the first attempt.

    Attributes:
        taken: number and subject of every event that was taken, in order.
        refused: numbers of events that were refused once.
    """

    def __init__(self) -> None:
        self.taken: list[tuple[int, str]] = []
        self.refused: set[int] = set()
        self.secret = ""
        self._lock = threading.Lock()
        self._server = self._listen(0)
        self._port = self._server.server_port
        self.url = f"http://127.0.0.1:{self._port}/"

    def restart(self) -> None:
        """Break off, be away for a moment, and come back."""
        self.close()
        threading.Event().wait(_AWAY)
        self._server = self._listen(self._port)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def assert_all_came_in_order(self, first: int, last: int) -> None:
        """Assert that each of these events was taken, and those of a subject in order."""
        assert {seq for seq, _ in self.taken} >= {*range(first, last + 1)}
        by_subject: dict[str, list[int]] = {}
        for seq, subject in self.taken:
            of_subject = by_subject.setdefault(subject, [])
            if seq not in of_subject:
                of_subject.append(seq)
        assert all(each == sorted(each) for each in by_subject.values())

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Return the status to answer with."""
        event = Webhook(self.secret).verify(body, headers)
        with self._lock:
            if event["seq"] % 10 == 0 and event["seq"] not in self.refused:
                self.refused.add(event["seq"])
                return 500
            self.taken.append((event["seq"], event["subject"]["id"]))
        return 204

    def _listen(self, port: int) -> ThreadingHTTPServer:
        mailbox = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(mailbox.take(body, headers))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        return server


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """Run a mailbox."""
    opened = Mailbox()
    try:
        yield opened
    finally:
        with suppress(OSError):
            opened.close()
