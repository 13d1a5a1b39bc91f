"""Behind nginx, with the shipped configuration: who calls, and what is logged."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from application.keys import CreateKey
from application.operators import CreateOperator
from domain.access import Role
from entrypoints.edge.access import CALLS
from tests.e2e.server import FAIRLEAD_SERVE, Server, furnish, migrated, opened, started, until
from tests.processes import ROOT

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
REQUIRED = os.environ.get("FAIRLEAD_PROXY_TESTS") == "required"
SECRETS = ("9161234567", "telltale", "flk_")


@dataclass
class Proxy:
    """nginx in front of a server."""

    server: Server
    plain: str
    tls: str
    process: "subprocess.Popen[bytes]"
    logs: Path

    def said(self) -> str:
        return "".join(each.read_text() for each in self.logs.glob("*.log"))

    def client(self, base_url: str) -> httpx.Client:
        # The certificate was just made, for this machine alone.
        return httpx.Client(base_url=base_url, verify=False, trust_env=False)  # noqa: S501


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as reserved:
        port: int = reserved.getsockname()[1]
        return port


@pytest.fixture
def proxy(sqlite_url: str, tmp_path: Path) -> Iterator[Proxy]:
    """The shipped configuration, except for where it listens and logs, and its upstream server."""
    if NGINX is None:
        if REQUIRED:
            pytest.fail("no nginx, and FAIRLEAD_PROXY_TESTS=required asks for it")
        pytest.skip("no nginx on this machine; install it (apt-get install nginx-light)")
    migrated(sqlite_url)
    furnish(sqlite_url, 10)
    plain, tls = free_port(), free_port()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-keyout", tmp_path / "key", "-out", tmp_path / "pem"),
        ],
        check=True,
        capture_output=True,
    )
    with started(sqlite_url, tmp_path, FAIRLEAD_SERVE) as server:
        port = httpx.URL(server.url).port
        shipped = (ROOT / "deploy" / "nginx.conf").read_text()
        text = re.sub(r"(?m)^(\s*)#tls ?", r"\1", shipped)
        for theirs, ours in (
            ("server two:8000 max_fails=1 fail_timeout=2s;", ""),
            ("one:8000", f"127.0.0.1:{port}"),
            ("listen 8000", f"listen 127.0.0.1:{plain}"),
            ("listen 8443", f"listen 127.0.0.1:{tls}"),
            ("/etc/nginx/fairlead.pem", f"{tmp_path}/pem"),
            ("/etc/nginx/fairlead.key", f"{tmp_path}/key"),
            ("/dev/stdout", f"{tmp_path}/access.log"),
            ("/dev/stderr", f"{tmp_path}/error.log"),
            ("/run/nginx.pid", f"{tmp_path}/nginx.pid"),
        ):
            assert theirs in text, theirs
            text = text.replace(theirs, ours)
        (tmp_path / "nginx.conf").write_text(text)
        process = subprocess.Popen(
            [
                NGINX,
                "-c",
                tmp_path / "nginx.conf",
                "-e",
                tmp_path / "error.log",
                "-g",
                "daemon off;",
            ]
        )
        made = Proxy(
            server, f"http://localhost:{plain}", f"https://localhost:{tls}", process, tmp_path
        )
        try:
            with made.client(made.plain) as client:
                until(lambda: answers(client), server)
            yield made
        finally:
            process.terminate()
            process.wait(20)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def key(proxy: Proxy, url: str) -> str:
    with opened(url) as fairlead:
        secret = fairlead.create_key(CreateKey(Role.ADMIN)).secret
    with proxy.server.client() as client:
        until(lambda: client.get("/v1/operators").status_code == 401, proxy.server)
    return secret


def test_nobody_becomes_this_machine_by_it(proxy: Proxy) -> None:
    """Nginx itself says who calls, and is trusted; it does not pass on what a caller says."""
    with proxy.client(proxy.plain) as client:
        assert client.get("/v1/operators").status_code == 200
        for said in (
            {"Via": "1.1 x"},
            {"Forwarded": "for=127.0.0.1"},
            {"Host": "fairlead.example"},
        ):
            assert client.get("/v1/operators", headers=said).status_code == 403


def test_a_cookie_is_secure_wherever_tls_ends(proxy: Proxy, sqlite_url: str) -> None:
    form = {"key": key(proxy, sqlite_url)}
    for base, headers, secure in (
        (proxy.plain, {}, False),
        (proxy.plain, {"X-Forwarded-Proto": "https"}, True),
        (proxy.tls, {}, True),
        (proxy.tls, {"X-Forwarded-Proto": "http"}, True),
    ):
        with proxy.client(base) as client:
            answer = client.post("/console/sign-in", data=form, headers=headers)
            assert answer.status_code == 303
            assert ("Secure" in answer.headers["set-cookie"]) is secure, (base, headers)


def test_a_right_key_opens_after_many_wrong_ones_of_the_same_address(
    proxy: Proxy, sqlite_url: str
) -> None:
    right = key(proxy, sqlite_url)
    with proxy.client(proxy.tls) as client:
        for _ in range(12):
            answer = client.post("/console/sign-in", data={"key": "flk_wrong"})
        assert answer.status_code == 429
        assert client.post("/console/sign-in", data={"key": right}).status_code == 303


def test_events_are_not_held_back_by_it(proxy: Proxy, sqlite_url: str) -> None:
    headers = {"Authorization": f"Bearer {key(proxy, sqlite_url)}"}
    with opened(sqlite_url) as fairlead:
        last = fairlead.events.events(after=0, limit=1).last
    for base in (proxy.plain, proxy.tls):
        with (
            proxy.client(base) as client,
            client.stream(
                "GET", f"/v1/events/stream?after={last}", headers=headers, timeout=20
            ) as answer,
        ):
            assert answer.status_code == 200
            # Small, and the only one: a proxy that collects answers would wait for more.
            with opened(sqlite_url) as fairlead:
                fairlead.create_operator(CreateOperator("Ann", 1))
            told = next(each for each in answer.iter_lines() if each.startswith("id: "))
        last += 1
        assert told == f"id: {last}"


def test_every_noun_of_the_api_can_be_told_apart_in_the_log() -> None:
    nouns = {path.split("/")[2] for _, path in CALLS if path.startswith("/v1/")}
    shipped = re.search(r"/v1/\(\?:([a-z|]+)\)", (ROOT / "deploy" / "nginx.conf").read_text())
    assert shipped
    assert set(shipped[1].split("|")) == nouns


def test_no_log_tells_of_anybody(proxy: Proxy, sqlite_url: str) -> None:
    secret = key(proxy, sqlite_url)
    bearer = {"Authorization": f"Bearer {secret}"}
    paths = (
        "/console/search?q=telltale",
        "/v1/leads?identity=phone:%2B79161234567",
        "/v1/leads/0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01/identities/phone/+79161234567",
        f"/v1/keys/{secret}",
        f"/{secret}",
        "/hooks/telegram/telltale-token?secret=telltale",
        "/v1/telltale",
        "//v1/contacts/telltale",
    )
    with proxy.client(proxy.plain) as client:
        for path in paths:
            client.get(path, headers=bearer)
            client.get(path)
        proxy.server.kill()
        for path in paths:
            assert client.get(path, headers=bearer).status_code == 502
    time.sleep(0.2)
    said = proxy.said()
    assert '"GET /v1/leads" 200' in said
    assert '"GET /console" 200' in said
    assert [each for each in SECRETS if each in said] == []
