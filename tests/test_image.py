"""The Dockerfile's steps in a bare Debian, as there is no Docker, and other deployment files."""

import os
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.e2e.server import Server, until
from tests.processes import ROOT

MMDEBSTRAP = shutil.which("mmdebstrap")
REQUIRED = os.environ.get("FAIRLEAD_IMAGE_TESTS") == "required"
MIRROR = "http://deb.debian.org/debian"
BUILDERS = ("pip", "setuptools", "wheel", "hatchling", "editables", "ensurepip")
COMPILERS = ("gcc", "cc", "make", "ld", "pip", "pip3")


@dataclass
class Image:
    """A build stage: a folder that commands run in as their root.

    Attributes:
        settings: the variables that ENV has set.
    """

    root: Path
    folder: str = "/"
    user: str = "root"
    settings: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)

    def run(self, *words: str, **more: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            self.words(*words), capture_output=True, text=True, check=False, **more
        )

    def words(self, *words: str) -> list[str]:
        given = {
            name: value
            for name, value in os.environ.items()
            if name.startswith("PIP_") or name.endswith("_proxy")
        }
        given |= {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin", "HOME": "/root"} | self.settings
        inner = f"cd {shlex.quote(self.folder)} && exec {shlex.join(words)}"
        return [
            *("env", "-i", *(f"{name}={value}" for name, value in given.items())),
            *("chroot", f"--userspec={self.user}", str(self.root), "/bin/sh", "-c", inner),
        ]


def built(bare: Path, folder: Path) -> Image:
    """Carry out every instruction of the Dockerfile; return the last stage."""
    stages: dict[str, Image] = {}
    image: Image | None = None
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            continue
        if word == "FROM":
            name = rest.partition(" AS ")[2] or "last"
            subprocess.run(["cp", "-a", bare, folder / name], check=True)
            image = stages[name] = Image(folder / name)
            continue
        assert image
        if word == "RUN":
            done = image.run("/bin/sh", "-c", rest, timeout=600)
            assert done.returncode == 0, (rest, done.stdout + done.stderr)
        elif word == "COPY":
            copy(image, stages, rest)
        elif word == "WORKDIR":
            (image.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            image.folder = rest
        elif word == "USER":
            image.user = f"{rest}:{rest}"
        elif word == "ENV":
            image.settings |= dict(each.split("=", 1) for each in shlex.split(rest))
        elif word in {"ENTRYPOINT", "CMD"}:
            image.command += [each.strip(' "') for each in rest.strip("[]").split(",")]
        else:
            assert word in {"VOLUME", "EXPOSE", "HEALTHCHECK"}, line
    assert image
    return image


def copy(image: Image, stages: dict[str, Image], rest: str) -> None:
    """Copy as Docker does: into an existing folder, or to a new name."""
    source = ROOT
    if rest.startswith("--from="):
        name, _, rest = rest.removeprefix("--from=").partition(" ")
        source = stages[name].root
    *files, target = rest.split()
    into = image.root / (Path(image.folder) / target).as_posix().lstrip("/")
    for each in files:
        found = source / each.lstrip("/")
        if found.is_dir():
            shutil.copytree(
                found, into, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(found, into)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    if MMDEBSTRAP is None or os.getuid() != 0:
        if REQUIRED:
            pytest.fail("no mmdebstrap or no root, and FAIRLEAD_IMAGE_TESTS=required asks for both")
        pytest.skip("needs root and mmdebstrap (apt-get install mmdebstrap)")
    folder = tmp_path_factory.mktemp("image")
    bare = folder / "bare"
    packages = "--include=python3,python3-venv,ca-certificates"
    subprocess.run(
        [MMDEBSTRAP, "--variant=minbase", packages, "bookworm", bare, MIRROR],
        check=True,
        capture_output=True,
        timeout=900,
    )
    # This machine's network settings and trusted certificates.
    certificates = os.environ.get("PIP_CERT", "/etc/ssl/certs/ca-certificates.crt")
    for each in ("/etc/resolv.conf", "/etc/hosts", certificates):
        if Path(each).is_file():
            shutil.copy(each, bare / each.lstrip("/"))
    yield built(bare, folder)
    shutil.rmtree(folder)


def test_it_holds_nothing_that_builds_or_installs(image: Image) -> None:
    for each in COMPILERS:
        assert image.run("which", each).returncode != 0, each
    listed = image.run(
        "/venv/bin/python",
        "-c",
        "from importlib.metadata import distributions as d; print([each.name for each in d()])",
    )
    installed = set(re.findall(r"'([^']+)'", listed.stdout))
    assert "fairlead" in installed
    assert installed & set(BUILDERS) == set()
    locked = re.findall(r"(?m)^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text())
    canonical = {re.sub(r"[-_.]+", "-", each).lower() for each in installed}
    assert canonical <= {*locked, "fairlead"}


def test_it_serves_as_nobody_of_importance(image: Image, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = str(reserved.getsockname()[1])
    words = image.words(*image.command, "--port", port)
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output)
    server = Server(f"http://127.0.0.1:{port}", log, process)
    try:
        with server.client() as client:
            until(lambda: answers(client), server, 60)
            assert client.get("/v1/operators").status_code == 200
        data = image.root / "data"
        assert oct(data.stat().st_mode)[-3:] == "700"
        owners = {each.stat().st_uid for each in data.iterdir()}
        assert owners == {10001}
        # It may write there and nowhere else.
        for place in ("/", "/venv", "/venv/bin", "/usr", "/etc"):
            assert image.run("touch", f"{place}/x").returncode != 0, place
        check = re.search(r'HEALTHCHECK CMD \["(.+)"\]', (ROOT / "Dockerfile").read_text())
        assert check
        done = image.run(*check[1].replace("8000", port).split('", "'))
        assert done.returncode == 0, done.stderr
    finally:
        process.terminate()
        process.wait(40)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_the_unit_gives_the_service_as_little_as_can_be() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        if REQUIRED:
            pytest.fail("no systemd-analyze, and FAIRLEAD_IMAGE_TESTS=required asks for it")
        pytest.skip("needs systemd-analyze (apt-get install systemd)")
    unit = ROOT / "deploy" / "fairlead.service"
    said = subprocess.run(
        [analyze, "security", "--offline=yes", "--no-pager", unit],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    level = re.search(r"Overall exposure level for fairlead.service: ([0-9.]+)", said)
    assert level, said
    assert float(level[1]) <= 2.5


def test_every_service_is_kept_within_bounds() -> None:
    """Each service limits its memory and processes, and has a read-only root."""
    for file in ("compose.yaml", "deploy/compose.yaml"):
        shared, _, services = (ROOT / file).read_text().partition("services:\n")
        ours = re.split(r"(?m)^(?:networks|volumes):", services)[0]
        blocks = re.split(r"(?m)^  (?=[a-z]+:)", ours)[1:]
        assert blocks
        for block in blocks:
            whole = shared if "*fairlead" in block else block
            for line in ("mem_limit:", "pids_limit:", "read_only: true", "no-new-privileges:true"):
                assert line in whole, (file, block, line)
