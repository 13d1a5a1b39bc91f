"""Whether a file is on a network disk, judging by what is mounted."""

from pathlib import Path

import pytest

from adapters.sql.mounts import mounts, network_disk, warnings
from adapters.sql.opening import open_database

MOUNTED = r"""
/dev/vda1 / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
server:/export /srv nfs4 rw,vers=4.2 0 0
/dev/vdb1 /srv/local xfs rw 0 0
//office/share /mnt/The\040Share cifs rw 0 0
ann@host:/ /home/ann/away fuse.sshfs rw 0 0
mergerfs /pool fuse.mergerfs rw 0 0
/dev/vdc1 /twice ext4 rw 0 0
server:/twice /twice nfs rw 0 0
server:/once /once nfs rw 0 0
/dev/vdd1 /once ext4 rw 0 0
C:\134 /mnt/c 9p rw,aname=drvfs 0 0
short
"""


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("/var/lib/fairlead/fairlead.db", None),
        ("/srv/fairlead.db", "nfs4"),
        ("/srv/local/fairlead.db", None),
        ("/srvelse/fairlead.db", None),
        ("/mnt/The Share/deep/down/fairlead.db", "cifs"),
        ("/home/ann/away/fairlead.db", "sshfs"),
        ("/home/ann/fairlead.db", None),
        ("/pool/fairlead.db", None),
        ("/twice/fairlead.db", "nfs"),
        ("/once/fairlead.db", None),
        ("/mnt/c/fairlead.db", "9p"),
    ],
)
def test_a_network_disk_is_told_by_what_is_mounted_nearest(file: str, kind: str | None) -> None:
    assert network_disk(Path(file), MOUNTED) == kind


def test_where_nothing_is_known_nothing_is_said() -> None:
    assert network_disk(Path("/x.db"), "") is None


def test_the_file_is_named_and_a_link_followed(tmp_path: Path, sqlite_url: str) -> None:
    mounted = f"server:/export {tmp_path / 'far'} nfs4 rw 0 0"
    near = open_database(sqlite_url)
    assert warnings(near, mounted) == []
    (tmp_path / "far").mkdir()
    (tmp_path / "fairlead.db").symlink_to(tmp_path / "far" / "real.db")
    (sentence,) = warnings(near, mounted)
    assert f"{tmp_path / 'fairlead.db'} is on a network disk (nfs4)" in sentence
    assert warnings(near) == [], "the tests run on a disk of this machine"


def test_postgresql_has_disks_of_its_own() -> None:
    assert warnings(open_database("postgresql+psycopg://host/name"), MOUNTED) == []


def test_linux_tells_what_is_mounted() -> None:
    if Path("/proc/self/mounts").exists():
        assert " / " in mounts()
