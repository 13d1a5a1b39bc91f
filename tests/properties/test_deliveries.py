"""I10: no event is lost on the way to an endpoint that wants it.

Whatever the receiver does and whenever processes die, it is ahead of the cursor, pending, delivered
or dead.
"""

import asyncio
import itertools
from collections.abc import Awaitable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from application.contacts import CloseContact
from application.ports.contacts import ContactView
from application.ports.endpoints import DeliveryState
from application.ports.sender import Receipt
from tests.application.deliveries import BROKEN, WELL, Post
from tests.support import open_world

ACTS = st.one_of(
    st.tuples(st.just("register"), st.integers(1, 30)),
    st.tuples(st.just("close"), st.integers(1, 30)),
    st.tuples(st.just("wait"), st.sampled_from([1, 6, 61, 400, 4000, 40_000])),
    st.tuples(st.just("answer"), st.integers(0, 4)),
    st.tuples(st.just("die"), st.booleans()),
)


@settings(max_examples=40)
@given(st.lists(ACTS, min_size=3, max_size=25), st.integers(0, 1000))
def test_no_event_is_ever_lost(acts: list[tuple[str, Any]], salt: int) -> None:
    with open_world() as world:
        world.source((world.operator(capacity=1_000_000), 1))
        post = Post(world)
        post.endpoint()
        asyncio.run(asyncio.wait_for(_story(post, acts, salt), 60))
        post.receiver.assert_in_order()
        last = world.fairlead.events.events(after=0, limit=1).last
        dead = {
            each.seq
            for each in world.fairlead.endpoints.deliveries(
                post.shown().id, after=0, limit=10_000, state=DeliveryState.DEAD
            )
        }
        first = post.since
        assert {*post.receiver.taken} | dead == {*range(first + 1, last + 1)}


async def _story(post: Post, acts: list[tuple[str, Any]], salt: int) -> None:
    contacts: list[ContactView] = []
    post.since = post.shown().cursor
    rest, names = iter(acts), itertools.count()
    over = False
    while not over:
        async with post.process(f"process {next(names)}", dies=True):
            over = await _live(post, rest, contacts, salt)
        post.pass_time(seconds=31)
    post.receiver.answer = lambda _: WELL
    async with post.process("last"):
        for _ in range(12):
            post.pass_time(hours=27)
            await post.until(lambda: post.shown().behind == 0)
            await post.until_done()
        await post.until(lambda: post.shown().pending == 0)


async def _live(post: Post, acts: Any, contacts: list[ContactView], salt: int) -> bool:
    """Act until the process dies; tell whether nothing is left to do."""
    for act, value in acts:
        match act:
            case "register":
                contacts += [post.world.register() for _ in range(value)]
            case "close":
                for each in contacts[:value]:
                    post.world.fairlead.close_contact(CloseContact(each.id))
                del contacts[:value]
            case "wait":
                post.pass_time(seconds=value)
            case "answer":
                post.receiver.answer = _answers(value, salt)
            case "die":
                await asyncio.sleep(0.02 if value else 0)
                return False
        await asyncio.sleep(0.003)
    return True


def _answers(kind: int, salt: int) -> Any:
    """Return what takes everything, nothing, or some; or takes its time."""

    async def slowly(receipt: Receipt) -> Receipt:
        await asyncio.sleep(0.005)
        return receipt

    def some(event: dict[str, Any]) -> Receipt | Awaitable[Receipt]:
        mixed = hash((event["subject"]["id"], event["seq"], salt)) % 5
        receipt = BROKEN if mixed < kind else WELL
        return slowly(receipt) if mixed == 4 else receipt

    return (lambda _: BROKEN) if kind == 4 else some
