"""Why a file cannot be opened, created or written: SQLite only says that it cannot."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path


def trouble_with(
    file: Path, *, read_only: bool, may: Callable[[Path, int], bool] = os.access
) -> str | None:
    """Say what stands in the way of using a file, whether it exists or not.

    Args:
        file: an absolute path.
        read_only: whether it is opened for reading only.
        may: tells what this user may do with a file.

    Returns:
        Half a sentence that calls the file "it"; None if nothing is found.
    """
    folder = Path(os.path.realpath(file)).parent
    try:
        status = folder.stat()
    except FileNotFoundError:
        return f"the folder {folder} does not exist"
    except OSError as error:
        return f"the folder {folder}: {error.strerror}"
    if not stat.S_ISDIR(status.st_mode):
        return f"{folder} is not a folder"
    return next(_troubles(file, folder, read_only, may), None)


def _troubles(
    file: Path, folder: Path, read_only: bool, may: Callable[[Path, int], bool]
) -> Iterator[str]:
    if not may(folder, os.X_OK):
        yield f"this user may not enter the folder {folder}"
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        pass
    except OSError as error:
        yield str(error.strerror)
    else:
        yield from _troubles_of_mode(mode)
        if not may(file, os.R_OK):
            yield "this user may not read it"
        if read_only:
            yield "mode=ro makes it read-only"
        if not may(file, os.W_OK):
            yield "it is read-only for this user"
    if not may(folder, os.W_OK):
        yield f"the folder {folder}, where its log belongs, is read-only for this user"


def _troubles_of_mode(mode: int) -> Iterator[str]:
    if stat.S_ISDIR(mode):
        yield "it is a folder"
    elif not stat.S_ISREG(mode):
        yield "it is not a regular file"
