"""Whether a file is on another machine's disk, where SQLite's log does not work."""

import re
from pathlib import Path
from typing import Final

from adapters.sql.engine import Database
from adapters.sql.sqlite import SqliteDatabase

_MOUNTS: Final = Path("/proc/self/mounts")

_REMOTE: Final = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "smbnetfs", "9p", "afs", "ncpfs", "coda"),
        *("ceph", "ceph-fuse", "glusterfs", "lustre", "beegfs", "gpfs", "pvfs2", "orangefs"),
        *("sshfs", "davfs", "davfs2", "rclone", "s3fs", "gcsfuse", "goofys", "juicefs"),
        *("vboxsf", "vmhgfs", "vmhgfs-fuse", "prl_fs", "osxfs", "grpcfuse"),
    }
)
"""Types of file systems that do not share memory between all processes that have a file open, or
cannot lock files. If a program implements one, its name begins with `fuse.`."""


def warnings(database: Database, mounted: str | None = None) -> list[str]:
    """See `application.ports.storage.Storage.warnings`.

    Args:
        database: of any engine.
        mounted: as for `network_disk`; None for what is mounted now.
    """
    if not isinstance(database, SqliteDatabase):
        return []
    kind = network_disk(database.file.real, mounts() if mounted is None else mounted)
    if kind is None:
        return []
    sentence = (
        f"{database.file} is on a network disk ({kind}), where SQLite's log and locks do not work: "
        "contacts can be lost. Use a local disk, or PostgreSQL."
    )
    return [sentence]


def mounts() -> str:
    """Return what is mounted, as Linux lists it; an empty text on other systems."""
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def network_disk(file: Path, mounted: str) -> str | None:
    """Return the type of the network disk that a file is on, or would be; None if it is on none.

    Args:
        file: an absolute path without links.
        mounted: lines of a device, a folder and a type, as in /proc/self/mounts; of two mounts on
            one folder, the later one counts.
    """
    found, longest = "", -1
    for line in mounted.splitlines():
        _, folder, kind, *_ = [*line.split(" "), "", ""]
        place = Path(_unescaped(folder))
        if file.is_relative_to(place) and len(place.parts) >= longest:
            found, longest = kind.removeprefix("fuse."), len(place.parts)
    return found if found in _REMOTE else None


def _unescaped(text: str) -> str:
    """Decode the octal numbers that stand for spaces and the like."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
