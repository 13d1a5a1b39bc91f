"""The contract of CatalogueReader."""

import pytest

from application.ports.operators import OperatorView
from application.ports.paging import Page
from application.ports.sources import AllocationView, ServedSource, SourceView
from application.ports.storage import Storage
from domain import limits
from domain.errors import UnknownOperator, UnknownSource
from domain.ids import OperatorId
from tests.contract.given import NOBODY, Given


def test_an_operator_is_shown(storage: Storage, given: Given) -> None:
    operator = given.operator("Ann", capacity=7, active=False, load=2)
    assert storage.catalogue.operator(operator.id) == OperatorView.of(operator)


def test_an_operator_that_is_not_there_is_refused(storage: Storage) -> None:
    with pytest.raises(UnknownOperator):
        storage.catalogue.operator(OperatorId(NOBODY))


def test_operators_are_found_by_their_keys(storage: Storage, given: Given) -> None:
    ann, bob, _ = (given.operator(name) for name in ("Ann", "Bob", "Cid"))
    found = storage.catalogue.operator_ids([ann.key, bob.key, "nobody"])
    assert found == {ann.key: ann.id, bob.key: bob.id}
    assert storage.catalogue.operator_ids([]) == {}


@pytest.mark.parametrize("active", [None, True, False])
def test_operators_are_listed_as_they_were_created(
    storage: Storage, given: Given, active: bool | None
) -> None:
    operators = [given.operator(f"Operator {n}", active=n % 3 == 0) for n in range(10)]
    expected = [OperatorView.of(each) for each in operators if active in {None, each.active}]
    page = storage.catalogue.operators(active=active, limit=10, after=None)
    assert (page.items, page.more) == (expected, False)
    page = storage.catalogue.operators(active=active, limit=2, after=expected[0].id)
    assert (page.items, page.more) == (expected[1:3], len(expected) > 3)


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_pages_of_operators_are_stable_while_rows_are_added(
    storage: Storage, given: Given, limit: int
) -> None:
    first = [given.operator(f"Operator {n}").id for n in range(7)]
    seen: list[OperatorId] = []
    page: Page[OperatorView] | None = None
    while page is None or page.more:
        page = storage.catalogue.operators(
            active=None, limit=limit, after=seen[-1] if seen else None
        )
        assert len(page.items) <= limit
        seen += [each.id for each in page.items]
        if page.more and len(first) < 12:
            # The list runs from old to new, so operators created while it is read come last.
            first.append(given.operator(f"Newcomer {len(first)}").id)
    assert seen == first


def test_no_operators_are_an_empty_page(storage: Storage) -> None:
    page = storage.catalogue.operators(active=None, limit=5, after=None)
    assert (list(page.items), page.more) == ([], False)


def test_a_source_is_shown_with_shares_that_sum_to_one(storage: Storage, given: Given) -> None:
    ann, bob, cid = given.operator("Анна"), given.operator("Bob"), given.operator("Cid")
    source = given.source("telegram", (cid, 0), (bob, 1), (ann, 3))
    assert storage.catalogue.source("telegram") == SourceView(
        "telegram",
        "telegram",
        source.strategy,
        0,
        [
            AllocationView(ann.id, "Анна", 3, 0.75),
            AllocationView(bob.id, "Bob", 1, 0.25),
            AllocationView(cid.id, "Cid", 0, 0.0),
        ],
        source.created_at,
    )


def test_shares_of_nothing_are_nothing(storage: Storage, given: Given) -> None:
    given.source("telegram", (given.operator(), 0))
    assert [each.share for each in storage.catalogue.source("telegram").allocations] == [0.0]


@pytest.mark.parametrize("key", ["nowhere", "", "TELEGRAM", "telegram ", "%", "😀"])
def test_a_source_that_is_not_there_is_refused(storage: Storage, given: Given, key: str) -> None:
    given.source("telegram")
    with pytest.raises(UnknownSource):
        storage.catalogue.source(key)


def test_sources_are_listed_by_key(storage: Storage, given: Given) -> None:
    ann = given.operator()
    keys = ["b", "a-b", "a.b", "a_b", "ab", "0", "a", "a0"]
    for weight, key in enumerate(keys, start=1):
        given.source(key, (ann, weight))
    page = storage.catalogue.sources(limit=200, after=None)
    assert [each.key for each in page.items] == sorted(keys)
    assert page.items == [storage.catalogue.source(key) for key in sorted(keys)]
    page = storage.catalogue.sources(limit=2, after="a")
    assert ([each.key for each in page.items], page.more) == (sorted(keys)[2:4], True)


def test_pages_of_sources_are_stable_while_rows_are_added(storage: Storage, given: Given) -> None:
    """A new key before the cursor shifts nothing; one after it appears in its place."""
    for key in ("b", "d", "f", "h"):
        given.source(key)
    first = storage.catalogue.sources(limit=2, after=None)
    for key in ("a", "c", "e", "z"):
        given.source(key)
    second = storage.catalogue.sources(limit=2, after=first.items[-1].key)
    third = storage.catalogue.sources(limit=2, after=second.items[-1].key)
    pages = [first, second, third]
    assert [[each.key for each in page.items] for page in pages] == [
        ["b", "d"],
        ["e", "f"],
        ["h", "z"],
    ]
    assert [page.more for page in pages] == [True, True, False]


def test_the_largest_weights_are_shown(storage: Storage, given: Given) -> None:
    ann, bob = given.operator("Ann"), given.operator("Bob")
    given.source("telegram", (ann, limits.MAX_WEIGHT), (bob, limits.MAX_WEIGHT))
    shown = storage.catalogue.source("telegram").allocations
    assert [(each.weight, each.share) for each in shown] == [(limits.MAX_WEIGHT, 0.5)] * 2


def test_the_sources_of_an_operator_are_shown_by_key_with_its_share(
    storage: Storage, given: Given
) -> None:
    ann, bob, idle = given.operator("Ann"), given.operator("Bob"), given.operator("Idle")
    given.source("c", (ann, 3), (bob, 1))
    given.source("a", (ann, 0), (bob, 7))
    given.source("b", (bob, 5))
    given.source("d", (ann, 0), (bob, 0))
    assert storage.catalogue.served_by(ann.id) == [
        ServedSource("a", "a", 0, 0.0),
        ServedSource("c", "c", 3, 0.75),
        ServedSource("d", "d", 0, 0.0),
    ]
    for operator_id in (ann.id, bob.id, idle.id, OperatorId(NOBODY)):
        assert storage.catalogue.served_by(operator_id) == [
            ServedSource(source.key, source.name, each.weight, each.share)
            for source in storage.catalogue.sources(limit=200, after=None).items
            for each in source.allocations
            if each.operator_id == operator_id
        ]
