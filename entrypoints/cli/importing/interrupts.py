"""Ctrl-C, at moments when nothing is half-done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """While Ctrl-C is handled, it lets shielded work come to its end first.

    A second Ctrl-C ends it immediately: people do not want to wait for a database that is gone.
    """

    def __init__(self) -> None:
        self._shielded = False
        self._asked = False

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if not self._shielded or self._asked:
            raise KeyboardInterrupt
        self._asked = True

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle Ctrl-C; only in the main thread, and not if the process is told to ignore it."""
        before = signal.getsignal(signal.SIGINT)
        in_main_thread = threading.current_thread() is threading.main_thread()
        if not in_main_thread or before is signal.SIG_IGN:
            yield
            return
        signal.signal(signal.SIGINT, self._handle)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Let this come to its end.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed meanwhile.
        """
        self._shielded = True
        try:
            yield
        finally:
            self._shielded = False
        if self._asked:
            raise KeyboardInterrupt

    def ignore(self) -> None:
        """Ignore the first Ctrl-C from now on: what is left takes only a moment."""
        self._shielded, self._asked = True, False
