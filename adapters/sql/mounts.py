"""Whether a file is on the disk of another machine, where SQLite's log does not work."""

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
"""Kinds of file systems whose memory is not shared by all who have a file open, or that may not be
locked; where programs carry them out their names begin with `fuse.`."""


def warnings(database: Database, mounted: str | None = None) -> list[str]:
    """See `application.ports.storage.Storage.warnings`.

    Args:
        database: of any engine.
        mounted: as for `network_disk`; what is mounted now if None.
    """
    if not isinstance(database, SqliteDatabase):
        return []
    kind = network_disk(database.file.real, mounts() if mounted is None else mounted)
    if kind is None:
        return []
    sentence = (
        f"{database.file} is on a network disk ({kind}), where SQLite's log and its locks do not "
        "work: contacts can be lost. Use a disk of this machine, or PostgreSQL."
    )
    return [sentence]


def mounts() -> str:
    """Return what is mounted, as Linux tells it; nothing elsewhere."""
    try:
        return _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def network_disk(file: Path, mounted: str) -> str | None:
    """Return the kind of the network disk that a file is on, or would be; None if on no such.

    Args:
        file: an absolute path without links.
        mounted: lines of a device, a folder and a kind, as in /proc/self/mounts; the later of two
            on one folder is the one that is seen.
    """
    found, longest = "", -1
    for line in mounted.splitlines():
        _, folder, kind, *_ = [*line.split(" "), "", ""]
        place = Path(_unescaped(folder))
        if file.is_relative_to(place) and len(place.parts) >= longest:
            found, longest = kind.removeprefix("fuse."), len(place.parts)
    return found if found in _REMOTE else None


def _unescaped(text: str) -> str:
    """Read the octal numbers that stand for blanks and the like."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)
