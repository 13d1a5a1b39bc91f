"""serve, where it cannot listen: one sentence and an exit code, before it does anything."""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.cli.listening import require_listenable
from tests.entrypoints.cli.conftest import Command


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that is in use."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104 -- all is what is tried
def test_a_port_in_use_names_the_option(
    fairlead: Command, taken: int, host: str, tmp_path: Path
) -> None:
    for workers in (1, 2):
        done = fairlead("serve", "--host", host, "--port", taken, "--workers", workers)
        assert done.exit_code == 2
        assert done.stdout == ""
        assert done.stderr == (
            f"fairlead: port {taken} of {host} is in use; stop what listens there, or choose "
            "another port with --port (for make: PORT=8001).\n"
        )
    assert not (tmp_path / "fairlead.db").exists(), "nothing was made for a server that cannot run"


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        # RFC 5737 and RFC 6761 reserve these for documentation and tests.
        ("203.0.113.9", "--host 203.0.113.9 is not an address of this machine; name 127.0.0.1"),
        ("no-such-host.invalid", "no address is known for --host no-such-host.invalid; name 127"),
        ("x" * 70, "no address is known for --host xxx"),
        ("127.0.0.1:8000", "no address is known for --host 127.0.0.1:8000; name 127.0.0.1"),
    ],
)
def test_a_host_that_is_not_here_names_the_option(
    fairlead: Command, host: str, reason: str
) -> None:
    done = fairlead("serve", "--host", host, "--port", 0)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert "Traceback" not in done.output


def test_a_port_for_administrators_names_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as an administrator, so the system's refusal is faked."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ValueError, match=r"port 80 of 127\.0\.0\.1 may be .* with --port"):
        require_listenable("127.0.0.1", 80)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs to give up rights")
def test_a_port_below_1024_is_refused_in_a_sentence_to_whoever_may_not_have_it() -> None:
    try:
        start = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text("ascii"))
    except OSError:
        pytest.skip("this system does not say which ports are for administrators")
    if start <= 1:
        pytest.skip("every port is for everybody here")
    script = """
import os
from entrypoints.cli.listening import require_listenable
# What is loaded at the first call may not be readable afterwards.
require_listenable("127.0.0.1", 0)
os.setuid(65534)
try:
    require_listenable("127.0.0.1", 1)
except ValueError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--port" in done.stdout


def test_a_free_port_is_found_and_told(fairlead: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(
        "entrypoints.cli.main.uvicorn.run", lambda *_, **more: asked.append(more["port"])
    )
    said = fairlead("serve", "--port", 0).output
    (port,) = asked
    assert port > 0
    assert f"the console is at http://127.0.0.1:{port}," in said


def test_an_address_of_version_6_is_shown_as_links_write_it(
    fairlead: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    monkeypatch.setattr("entrypoints.cli.main.uvicorn.run", lambda *_, **__: None)
    assert "http://[::1]:" in fairlead("serve", "--host", "::1", "--port", 0).output


def test_where_a_server_has_just_ended_another_may_begin() -> None:
    """Connections that linger on the port do not block a new server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        server.accept()[0].close()
    with client:
        assert require_listenable("127.0.0.1", port) == port


def test_a_wrong_origin_names_the_setting(
    fairlead: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRLEAD_CORS_ORIGINS", "https://crm.example.com/")
    done = fairlead("serve")
    assert done.exit_code == 2
    assert done.stderr == (
        "fairlead: FAIRLEAD_CORS_ORIGINS: https://crm.example.com/ is not an origin as browsers "
        "send it; write each as https://crm.example.com, with a port only if it is not the usual "
        "one, and with no path, no slash at the end and no *\n"
    )
    assert not (tmp_path / "fairlead.db").exists()
