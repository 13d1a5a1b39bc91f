"""Ctrl-C at moments at which nothing is half-done."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """While it is entered, Ctrl-C ends what is shielded only after its end.

    A second Ctrl-C ends it at once: who waits for a database that is gone does not want to.
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
        """Handle Ctrl-C; only the main thread can, and who told us to ignore it is obeyed."""
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
            KeyboardInterrupt: somebody has pressed Ctrl-C meanwhile.
        """
        self._shielded = True
        try:
            yield
        finally:
            self._shielded = False
        if self._asked:
            raise KeyboardInterrupt

    def ignore(self) -> None:
        """Let nothing stop what comes now, unless somebody insists: it takes but a moment."""
        self._shielded, self._asked = True, False
