"""Checkpoints: SQLite's log of committed pages goes into the file, out of everybody's way.

By default SQLite does this within the commit that makes the log longer than a thousand pages; that
commit then waits for the disk as long as it takes.
"""

import logging
import sqlite3
import threading
import time
from typing import Final

from adapters.sql.open_file import OpenFile

logger = logging.getLogger(__name__)

_PAUSE: Final = 0.1
"""Seconds between two checkpoints: a page that every commit changes is written once for all of
them, and there is never much to write at a time."""

_LATER: Final = 5.0
"""Seconds to wait after a failed checkpoint, if nobody commits meanwhile, and between two failures
that are logged: trouble with a file or a disk does not pass quickly."""

_TRIES: Final = 100
"""Checkpoints to try before a process leaves behind a log that it was to empty: ten seconds."""

LONGEST: Final = 4096
"""Pages in the log, 16 MiB. A longer one is restarted, which SQLite by itself does only at a moment
when nobody writes. While it grows, a commit takes half as long again."""


class Checkpointer:
    """A thread that makes a checkpoint soon after a commit.

    It starts with the first commit and never holds one up, except for the moment in which a log
    that has grown long is restarted.
    """

    def __init__(self, file: OpenFile, writing: threading.Lock) -> None:
        """Take what it works with.

        Args:
            file: the database's.
            writing: the lock held by the thread that writes.
        """
        self._file = file
        self._writing = writing
        self._due = threading.Event()
        self._wiping = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._said = -_LATER

    def committed(self) -> None:
        """Note that something was committed."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
            self._thread.start()
        if not self._due.is_set():
            self._due.set()

    def wipe(self) -> None:
        """Empty the log soon: it still holds what was removed from the file."""
        self._wiping.set()
        self.committed()

    def stop(self) -> None:
        """Finish. Closing the last connection to the file makes the last checkpoint."""
        self._stopped.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()
            self._wipe_now()

    def _wipe_now(self) -> None:
        """Empty the log before the end, if that is due: another process may keep the file open."""
        for _ in range(_TRIES):
            if not self._wiping.is_set():
                return
            if not self._tried():
                break
            if self._wiping.is_set():
                time.sleep(_PAUSE)
        if self._wiping.is_set():
            logger.warning(
                "removed data is still in the database's log, which others are reading; it goes "
                "when they have ended"
            )

    def checkpoint(self) -> None:
        """Make a checkpoint now.

        Raises:
            sqlite3.Error: it failed; what was committed is as safe as before.
        """
        # Not into a file that was overwritten; one that was only moved gets its log where it is.
        self._file.look_closely()
        # The one connection that has the very log that holds the commits, even if somebody has
        # removed it. It waits for nobody who holds it up: everybody else would wait, too.
        driver = self._file.hold()
        if _pages(driver, "PASSIVE") > LONGEST:
            # Takes what came in meanwhile, so that little is left to do while nobody can write.
            _pages(driver, "PASSIVE")
            with self._writing:
                _pages(driver, "RESTART")
        if self._wiping.is_set():
            with self._writing:
                busy, *_ = _made(driver, "TRUNCATE")
            # If it is busy, somebody is still reading what was there before: try after a pause.
            if not busy:
                self._wiping.clear()
        # Takes note of what this has written, so that no transaction has to look closely.
        self._file.look_closely()

    def _run(self) -> None:
        while self._due.wait() and not self._stopped.is_set():
            self._due.clear()
            made = self._tried()
            self._stopped.wait(_PAUSE)
            if not made:
                # A commit means that the disk has room again, which the log alone may fill.
                self._due.wait(_LATER)
            if self._wiping.is_set():
                self._due.set()

    def _tried(self) -> bool:
        """Make a checkpoint now; return whether it was made."""
        try:
            self.checkpoint()
        except sqlite3.Error as error:
            if time.monotonic() - self._said >= _LATER:
                self._said = time.monotonic()
                logger.warning("a checkpoint failed: %s", error)
            return False
        return True


def _pages(driver: sqlite3.Connection, mode: str) -> int:
    """Make a checkpoint and return how many pages the log holds."""
    _, pages, _ = _made(driver, mode)
    return pages


def _made(driver: sqlite3.Connection, mode: str) -> tuple[int, int, int]:
    """Make a checkpoint; return whether it was blocked, and the pages in the log and those done."""
    made: tuple[int, int, int] = driver.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    return made
