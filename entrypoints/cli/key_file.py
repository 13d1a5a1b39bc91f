"""A new file for one API key, which only its owner can read."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def key_file(path: Path) -> Iterator[Callable[[str], None]]:
    """Make the file before the key, so that no key is made that cannot be kept.

    Yields the function that writes the key. The file is removed if the key was not written.

    Raises:
        ValueError: the file cannot be made or written; an existing one is left alone.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ValueError(f"{path} already exists and is left alone; name a new file.") from error
    except OSError as error:
        raise ValueError(f"{path} cannot be made: {error.strerror}.") from error
    written = False

    def write(secret: str) -> None:
        nonlocal written
        try:
            with open(descriptor, "w", encoding="ascii", closefd=False) as file:
                file.write(f"{secret}\n")
                file.flush()
                os.fsync(descriptor)
        except OSError as error:
            raise ValueError(f"{path} cannot be written: {error.strerror}.") from error
        written = True

    try:
        yield write
    finally:
        os.close(descriptor)
        if not written:
            path.unlink(missing_ok=True)
