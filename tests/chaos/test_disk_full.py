"""A disk that fills up and gets room again while contacts come in."""

import resource
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from tests.chaos.conftest import Fleet
from tests.chaos.storm import Storm, assert_nothing_lost_and_nothing_twice, size
from tests.e2e.server import Server, furnish, get, migrated


class Disk(Protocol):
    """The disk that holds a database."""

    database: Path

    def fill(self, servers: Sequence[Server]) -> None:
        """Leave no room."""

    def free(self, servers: Sequence[Server]) -> None:
        """Make room."""


@dataclass
class LimitedFiles(Disk):
    """A disk on which no file of these processes may be longer than the database is now.

    Writes are cut short and fail; SQLite gets another error than from a full disk.
    """

    database: Path

    def fill(self, servers: Sequence[Server]) -> None:
        for each in servers:
            limit_files(each, self.database.stat().st_size)

    def free(self, servers: Sequence[Server]) -> None:
        for each in servers:
            if each.process.poll() is None:
                limit_files(each, resource.RLIM_INFINITY)


def limit_files(server: Server, length: int) -> None:
    process = server.process.pid
    _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (length, most))


@dataclass
class SmallDisk(Disk):
    """The test's own file system, which ballast can fill."""

    database: Path

    def fill(self, servers: Sequence[Server]) -> None:  # noqa: ARG002 -- it is full for everybody
        with self._ballast.open("ab", buffering=0) as ballast:
            try:
                while ballast.write(bytes(4096)):
                    pass
            except OSError:
                """Nothing more fits."""

    def free(self, servers: Sequence[Server]) -> None:  # noqa: ARG002 -- likewise
        self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self.database.with_name("ballast")


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("there is no mount here")
    mounting: list[str | Path] = [mount, "-t", "tmpfs", "-o", "size=32m", "tmpfs", folder]
    done = subprocess.run(mounting, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
    try:
        yield SmallDisk(folder / "fairlead.db")
    finally:
        subprocess.run([unmount, folder], check=True)


@pytest.fixture(params=["limited files", "small disk"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """Each disk that can be filled, in turn."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "limited files":
        yield LimitedFiles(folder / "fairlead.db")
    else:
        with small_disk(folder) as mounted:
            yield mounted


def test_a_disk_that_is_full_and_has_room_again_loses_nothing(disk: Disk, fleet: Fleet) -> None:
    url = f"sqlite:///{disk.database}"
    migrated(url)
    furnish(url, 4, 4, 4)
    servers = fleet.start(url, url)
    storm = Storm(servers, closing=0.9)
    with storm.blowing():
        for number in range(size(2, 10)):
            storm.wait_for(50)
            disk.fill(servers)
            storm.wait_for_refusals(20)
            for each in servers:
                for path in ("/healthz", "/readyz", "/v1/contacts"):
                    assert get(each, path) == 200
            if number % 2:
                servers[0].kill()
            disk.free(servers)
            if number % 2:
                fleet.replace(0, url)
    assert "storage_unavailable" in storm.repeated
    assert_nothing_lost_and_nothing_twice(url, storm)
