"""Why an endpoint fails is said in the reader's language, whoever has found it out."""

import ast
import asyncio
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

import pytest

import application.courier
from adapters.addresses import Address, Hosts
from adapters.webhooks import WebhookSender
from application.delivering import RecordDeliveries
from application.ports.sender import Message
from domain.actor import TIMER
from domain.endpoint import PATIENCE
from domain.errors import InvalidValue
from entrypoints.console.filled import Sentence
from entrypoints.console.language import language
from entrypoints.console.reasons import known_reason, reason
from tests.adapters.receivers import Answer, receiving
from tests.entrypoints.receivers import wired

MESSAGE = Message(UUID(int=1), datetime(2026, 3, 2, tzinfo=UTC), b"{}", ["whsec_AAAA"])


def russian(said: str) -> str:
    """Return a reason as a Russian reads it; it must be known."""
    known = known_reason(said)
    assert known is not None, said

    def spoken(sentence: Sentence) -> str:
        values = {
            name: spoken(each) if isinstance(each, Sentence) else each
            for name, each in sentence.values.items()
        }
        return language("ru").text(sentence.text) % values

    text = spoken(known)
    assert re.search("[а-я]", text), text
    return text


def sender_to(found: str, hosts: str = "") -> WebhookSender:
    """Return a sender to whom every name has one address, or is unknown."""

    def look_up(_: str) -> list[Address]:
        if not found:
            raise OSError
        return [ip_address(found)]

    return WebhookSender(Hosts.parse(hosts), "0.0", look_up)


def sent(url: str, sender: WebhookSender) -> str:
    """Return why a message could not be sent."""

    async def story() -> str:
        receipt = await sender.send(url, MESSAGE)
        await sender.close()
        return str(receipt.error)

    return asyncio.run(story())


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        (
            (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",),
            "Получатель ответил: 503 Service Unavailable.",
        ),
        ((b"HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",), "Получатель ответил: 404."),
        ((b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",), "Перенаправления не выполняются"),
        ((b"SSH-2.0-x\r\n",), "ответил не по HTTP"),
    ],
)
def test_what_receivers_do_is_told(answers: tuple[Answer, ...], text: str) -> None:
    async def story() -> str:
        sender = WebhookSender(Hosts.parse("127.0.0.1"), "0.0", patience=1.0)
        async with receiving(*answers, keeps=False) as receiver:
            receipt = await sender.send(receiver.url, MESSAGE)
            await sender.close()
        return str(receipt.error)

    assert text in russian(asyncio.run(story()))


def test_silence_is_told() -> None:
    """The system takes the connection, and nobody looks at it."""

    async def story(port: int) -> str:
        sender = WebhookSender(Hosts.parse("127.0.0.1"), "0.0", patience=1.0)
        receipt = await sender.send(f"http://127.0.0.1:{port}/", MESSAGE)
        await sender.close()
        return str(receipt.error)

    with socket.create_server(("127.0.0.1", 0)) as server:
        said = asyncio.run(story(server.getsockname()[1]))
    assert russian(said) == "Ответа не было 1 секунд."


def test_where_nobody_listens_is_told() -> None:
    assert "Нет соединения с получателем: " in russian(
        sent("http://127.0.0.1:1/", sender_to("127.0.0.1", "127.0.0.1"))
    )


@pytest.mark.parametrize(
    ("url", "found", "text"),
    [
        ("https://crm.example/", "10.0.0.1", "Хост crm.example не публичный."),
        ("https://crm.example/", "", "Хост crm.example не найден"),
        ("http://crm.example/", "1.1.1.1", "URL должен начинаться с https://"),
        ("https://a:b@crm.example/", "1.1.1.1", "В URL не должно быть имени и пароля"),
        ("crm", "1.1.1.1", "Введите URL целиком"),
        ("https://[::", "1.1.1.1", "Введите URL целиком"),
        ("https://crm.example:99999/", "1.1.1.1", "Введите URL целиком"),
    ],
)
def test_what_is_wrong_with_a_url_is_told_when_it_is_saved_and_when_it_is_sent_to(
    url: str, found: str, text: str
) -> None:
    assert text in russian(sent(url, sender_to(found)))
    with pytest.raises(InvalidValue) as refusal:
        sender_to(found).check(url)
    assert text in russian(refusal.value.detail)


def test_why_one_was_disabled_is_told() -> None:
    with wired() as wires:
        container, clock = wires.house.world.container, wires.house.world.clock
        record = container.courier(intake=None, holder="a", looking=None, body=None).record
        gone, tired = wires.endpoint("https://a.example/"), wires.endpoint("https://b.example/")
        for each in (gone, tired):
            wires.stand(each.id, leased_until=None)
        since = clock.now()
        clock.advance(seconds=PATIENCE.total_seconds())
        wires.stand(tired.id, failing_since=since)
        for each, is_gone in ((gone, True), (tired, False)):
            error = "the receiver answered 500."
            command = RecordDeliveries(each.id, "another process", 0, error=error, gone=is_gone)
            record(command, TIMER)
        told = [russian(str(wires.shown(each.id).last_error)) for each in (gone, tired)]
    assert told[0].startswith("Получатель ответил: 410 — ")
    assert told[1].endswith("не удалась ни одна доставка. Получатель ответил: 500.")


def literals() -> Iterator[str]:
    """Yield the reasons that the courier itself gives."""
    tree = ast.parse(Path(application.courier.__file__).read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Receipt":
            for each in node.args:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value


def test_what_the_courier_itself_finds_is_told() -> None:
    found = [*literals()]
    assert len(found) > 1
    for each in found:
        russian(each)


def test_what_is_new_stays_as_it_is() -> None:
    assert known_reason("the moon 100% away.") is None
    assert reason("the moon 100% away.").values == {"said": "the moon 100% away."}
