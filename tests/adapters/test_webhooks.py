"""Messages to endpoints: signed, sent to no address that is not public, whatever comes back."""

import asyncio
import ssl
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from adapters.addresses import Address, Hosts, is_public
from adapters.system import SystemSecrets
from adapters.webhooks import WebhookSender, certificates
from application.ports.sender import Message, Receipt
from domain.errors import InvalidValue
from tests.adapters.receivers import OK, Answer, Receiver, receiving

CERTIFICATE = Path(__file__).with_name("hooks_example.pem")
"""A key and a certificate for hooks.example, signed by itself and good for a century."""
HERE = Hosts.parse("127.0.0.1")
SECRETS = [SystemSecrets().signing() for _ in range(2)]
ID = UUID("0199d7a4-5f27-7c3b-8c51-2f6d1f0a9b01")


def message(secrets: Sequence[str] = SECRETS[:1]) -> Message:
    return Message(ID, datetime.now(UTC), b'{"type": "contact.closed"}', secrets)


def exchange(*answers: Answer, times: int = 1, keeps: bool = True) -> tuple[Receipt, Receiver]:
    """Send a message to a receiver that answers in some way."""

    async def story() -> tuple[Receipt, Receiver]:
        sender = WebhookSender(HERE, "0.0", patience=2.0)
        async with receiving(*answers, keeps=keeps) as receiver:
            for _ in range(times):
                receipt = await sender.send(receiver.url, message())
            await sender.close()
        return receipt, receiver

    return asyncio.run(story())


def attempt(url: str, hosts: str = "", found: Sequence[str] = ()) -> Receipt:
    """Send a message to a host whose addresses are found to be these."""
    sender = WebhookSender(
        Hosts.parse(hosts), "0.0", lambda _: [*map(ip_address, found)], patience=2.0
    )

    async def story() -> Receipt:
        receipt = await sender.send(url, message())
        await sender.close()
        return receipt

    return asyncio.run(story())


def test_a_message_is_signed_as_the_standard_says() -> None:
    receipt, receiver = exchange()
    assert receipt == Receipt(200, None)
    ((headers, body),) = receiver.requests
    assert headers[":line"] == "POST /hooks?a=1 HTTP/1.1"
    assert headers["webhook-id"] == str(ID)
    assert headers["content-type"] == "application/json"
    assert Webhook(SECRETS[0]).verify(body, headers) == {"type": "contact.closed"}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRETS[1]).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRETS[0]).verify(body + b" ", headers)


def test_while_a_secret_is_replaced_both_sign() -> None:
    async def story() -> None:
        sender = WebhookSender(HERE, "0.0")
        async with receiving() as receiver:
            await sender.send(receiver.url, message(SECRETS))
            await sender.close()
        ((headers, body),) = receiver.requests
        for secret in SECRETS:
            assert Webhook(secret).verify(body, headers)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("answers", "status", "said"),
    [
        ([OK], 200, None),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], 204, None),
        # The head says it all: the rest may take its time, or never come.
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"a", 0.4, b"b", 30.0], 200, None),
        ([b"HTTP/1.1 202 Accepted\r\nContent-Length: 999\r\n\r\nhalf"], 202, None),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz"], 200, None),
        (
            [b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"],
            301,
            "redirects are not followed",
        ),
        ([b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"], 410, "answered 410 Gone"),
        ([b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"], 500, "answered 500"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", 30.0], None, "no answer within 2 seconds"),
        ([30.0], None, "no answer within 2 seconds"),
        ([b"H", 0.4, b"T", 0.4, b"T", 0.4, b"P", 30.0], None, "no answer within 2 seconds"),
        ([b"HTTP/1.1 200 O"], None, "broke off, or did not answer in HTTP"),
        ([b""], None, "broke off, or did not answer in HTTP"),
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], None, "broke off, or did not answer in HTTP"),
    ],
)
def test_whatever_a_receiver_answers(answers: list[Answer], status: int, said: str | None) -> None:
    receipt, _ = exchange(*answers, keeps=False)
    assert receipt.status == status
    if said is None:
        assert receipt.error is None
    else:
        assert said in (receipt.error or "")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120),
        (b"0", 0),
        (b"Wed, 21 Oct 2015 07:28:00 GMT", 0),
        (b"soon", None),
        (b"-5", None),
        (b"9" * 400, 10**9),
        (b"Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        (b"Wed, 21 Oct 2015 07:28:00 +99999999999999999999", None),
    ],
)
def test_it_is_understood_when_a_receiver_wants_to_be_asked_again(
    value: bytes, seconds: int | None
) -> None:
    receipt, _ = exchange(
        b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nRetry-After: " + value + b"\r\n\r\n"
    )
    wanted = None if seconds is None else timedelta(seconds=seconds)
    assert receipt.retry_after == wanted


def test_a_connection_is_used_again_and_one_that_was_closed_meanwhile_is_no_failure() -> None:
    receipt, receiver = exchange(times=3)
    assert (receipt.error, receiver.connections, len(receiver.requests)) == (None, 1, 3)
    # It closes after every answer, without saying so.
    receipt, receiver = exchange(times=3, keeps=False)
    assert (receipt.error, receiver.connections, len(receiver.requests)) == (None, 3, 3)


def test_connections_are_closed_after_a_while_though_nothing_more_is_sent() -> None:
    async def story() -> None:
        sender = WebhookSender(HERE, "0.0", keep=0.2)
        async with receiving() as receiver:
            await asyncio.gather(*(sender.send(receiver.url, message()) for _ in range(16)))
            assert receiver.connections == 16
            async with asyncio.timeout(20):
                while receiver.open:  # noqa: ASYNC110 -- nobody tells
                    await asyncio.sleep(0.01)
            assert (await sender.send(receiver.url, message())).error is None
            await sender.close()

    asyncio.run(story())


def test_the_body_of_an_answer_that_came_in_time_takes_nothing_back() -> None:
    async def story() -> None:
        # The body has a second, which is longer than there is for the head.
        sender = WebhookSender(HERE, "0.0", patience=0.7)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
        async with receiving(head, 30.0) as receiver:
            assert await sender.send(receiver.url, message()) == Receipt(200, None)
            await sender.close()

    asyncio.run(story())


def test_of_what_a_receiver_says_only_the_beginning_is_told() -> None:
    said = b"\x1b[31m" + b"no " * 20_000
    receipt, _ = exchange(b"HTTP/1.1 500 " + said + b"\r\nContent-Length: 0\r\n\r\n")
    assert len(receipt.error or "") < 150
    assert (receipt.error or "").isprintable()


def test_a_name_whose_lookup_hangs_holds_up_no_other() -> None:
    hanging, looked_up = threading.Event(), list[str]()

    def lookup(name: str) -> list[Address]:
        looked_up.append(name)
        if name == "hangs.internal":
            hanging.wait()
        return [ip_address("127.0.0.1")]

    async def story() -> None:
        sender = WebhookSender(Hosts.parse("127.0.0.1"), "0.0", lookup)
        async with receiving() as receiver:
            url = receiver.url.replace("127.0.0.1", "hangs.internal")
            held_up = [asyncio.create_task(sender.send(url, message())) for _ in range(40)]
            await asyncio.sleep(0)
            other = receiver.url.replace("127.0.0.1", "other.internal")
            try:
                assert await sender.send(other, message()) == Receipt(200, None)
                assert not any(each.done() for each in held_up)
            finally:
                hanging.set()
            assert set(await asyncio.gather(*held_up)) == {Receipt(200, None)}
            # Those that wait for the same name ask once.
            assert looked_up == ["hangs.internal", "other.internal"]
            await sender.send(url, message())
            assert looked_up.count("hangs.internal") == 2
            await sender.close()

    asyncio.run(story())


def test_nobody_listens() -> None:
    receipt = attempt("http://127.0.0.1:1/", "127.0.0.1")
    assert (receipt.status, receipt.error) == (
        None,
        "no connection to the receiver: All connection attempts failed.",
    )


PRIVATE = [
    *("127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.0.0.0"),  # noqa: S104
    *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
    *("255.255.255.255", "192.88.99.1", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1"),
    *("::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "fec0::1"),
    *("fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001::1", "2001:db8::1", "3fff::1"),
    *("100::1", "fe80::1%eth0", "2606:4700::1%eth0"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a02:6b8::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_never_sent_to(address: str) -> None:
    assert not is_public(ip_address(address))
    for url, found in (
        (f"https://{f'[{address}]' if ':' in address else address}/", []),
        ("https://example.com/", [address]),
    ):
        receipt = attempt(url, found=found)
        assert receipt.status is None
        assert "not public" in str(receipt.error) or "no URL" in str(receipt.error)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_that_is_public_may_be_sent_to(address: str) -> None:
    assert is_public(ip_address(address))
    WebhookSender(Hosts.parse(""), "0.0", lambda _: [ip_address(address)]).check(
        "https://example.com/"
    )


def test_a_name_that_leads_elsewhere_the_second_time_is_not_followed() -> None:
    answers: list[list[Address]] = [[ip_address("8.8.8.8")], [ip_address("127.0.0.1")]]
    sender = WebhookSender(Hosts.parse(""), "0.0", lambda _: answers.pop(0))
    sender.check("https://example.com/")
    receipt = asyncio.run(sender.send("https://example.com/", message()))
    assert "not public" in str(receipt.error)


def test_the_connection_is_made_to_the_address_that_was_checked() -> None:
    """The name is looked up once for an attempt, and stays in the header."""

    async def story() -> tuple[Receipt, Receiver]:
        looked_up: list[str] = []

        def lookup(name: str) -> list[Address]:
            looked_up.append(name)
            return [ip_address("127.0.0.1")]

        sender = WebhookSender(Hosts.parse("hooks.internal"), "0.0", lookup)
        async with receiving() as receiver:
            url = receiver.url.replace("127.0.0.1", "hooks.internal")
            receipt = await sender.send(url, message())
            await sender.close()
        assert looked_up == ["hooks.internal"]
        return receipt, receiver

    receipt, receiver = asyncio.run(story())
    assert receipt.error is None
    assert receiver.requests[0][0]["host"].startswith("hooks.internal:")


def test_a_name_is_looked_up_as_it_is_sent() -> None:
    """In ASCII: the standard library makes `fass.de` of the Unicode, which is somebody else's."""
    looked_up: list[str] = []

    def lookup(name: str) -> list[Address]:
        looked_up.append(name)
        return [ip_address("127.0.0.1")]

    sender = WebhookSender(Hosts.parse("xn--fa-hia.de"), "0.0", lookup)
    sender.check("https://faß.de/")
    assert looked_up == ["xn--fa-hia.de"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "whole address"),
        ("example.com/hooks", "whole address"),
        ("ftp://example.com/", "whole address"),
        ("https://", "whole address"),
        ("https:///hooks", "whole address"),
        ("file:///etc/passwd", "whole address"),
        ("https://user:secret@example.com/", "must not contain a name or a password"),
        ("https://user@example.com/", "must not contain a name or a password"),
        ("https://example.com:99999/", "no URL"),
        ("https://exa mple.com/", "no URL"),
        ("https://exam\x00ple.com/", "no URL"),
        ("https://[::1/", "no URL"),
        ("http://example.com/", "must begin with https://"),
        ("https://nowhere.invalid/", "not known"),
        ("https://\ud800.example/", "no URL"),
        ("https://xn--a/", "not known"),
        ("https://xn--/", "not known"),
        ("https://" + "a" * 300 + ".com/", "not known"),
    ],
)
def test_what_is_no_url_to_send_to_is_refused_with_a_reason(url: str, said: str) -> None:
    def lookup(name: str) -> list[Address]:
        if name == "example.com":
            return [ip_address("8.8.8.8")]
        raise OSError

    sender = WebhookSender(Hosts.parse(""), "0.0", lookup)
    with pytest.raises(InvalidValue, match=said) as refusal:
        sender.check(url)
    assert refusal.value.field == "url"
    assert "secret" not in refusal.value.detail


@pytest.mark.parametrize(
    ("hosts", "permitted"),
    [
        ("", False),
        ("127.0.0.1", True),
        ("10.0.0.0/8, 127.0.0.0/8", True),
        ("Hooks.Internal", True),
        ("hooks.internal.", True),
        ("internal", False),
        ("10.0.0.0/8", False),
        ("::1", False),
    ],
)
def test_the_setting_names_hosts_addresses_and_networks(hosts: str, *, permitted: bool) -> None:
    sender = WebhookSender(Hosts.parse(hosts), "0.0", lambda _: [ip_address("127.0.0.1")])
    for url in ("http://hooks.internal/", "https://HOOKS.internal./"):
        if permitted:
            sender.check(url)
        else:
            with pytest.raises(InvalidValue, match="not public"):
                sender.check(url)


@pytest.mark.parametrize("hosts", ["10.0.0.1/8", "a b", "host:80", "http://a", "хост"])
def test_a_setting_that_names_nothing_is_refused(hosts: str) -> None:
    with pytest.raises(ValueError, match="write a name such as"):
        Hosts.parse(hosts)


def test_settings_of_the_environment_lead_no_message_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    receipt, _ = exchange()
    assert receipt.error is None


def test_an_address_that_cannot_be_reached_is_not_the_end() -> None:
    async def story() -> Receipt:
        found: list[Address] = [ip_address("127.0.0.9"), ip_address("127.0.0.1")]
        sender = WebhookSender(Hosts.parse("hooks.internal"), "0.0", lambda _: found)
        async with receiving() as receiver:
            url = receiver.url.replace("127.0.0.1", "hooks.internal")
            receipt = await sender.send(url, message())
            await sender.close()
        return receipt

    assert asyncio.run(story()) == Receipt(200, None)


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("hooks.example", True, None),
        ("hooks.example.", True, None),
        ("other.example", True, "Hostname mismatch"),
        ("hooks.example", False, "self-signed certificate"),
    ],
)
def test_a_receiver_is_recognised_by_its_certificate(
    name: str, known: bool, said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    certificates.cache_clear()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)

    async def story() -> None:
        sender = WebhookSender(
            Hosts.parse("127.0.0.1"), "0.0", lambda _: [ip_address("127.0.0.1")], patience=2.0
        )
        async with receiving(tls=tls) as receiver:
            receipt = await sender.send(f"https://{name}:{receiver.port}/", message())
            await sender.close()
        assert receipt.status == (200 if said is None else None)
        assert (said or "") in (receipt.error or "")
        assert len(receiver.requests) == (said is None)

    try:
        asyncio.run(story())
    finally:
        certificates.cache_clear()
