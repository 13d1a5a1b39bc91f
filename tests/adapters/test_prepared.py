"""Statements compiled once and run on the driver's cursor."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import (
    Connection,
    Dialect,
    bindparam,
    create_engine,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import StaticPool

from adapters.sql.prepared import Prepared, among
from adapters.sql.tables import LeadRow, OperatorRow, Row

MOMENT = datetime(2026, 3, 2, 9, 0, 0, 123000, tzinfo=UTC)

add = Prepared(insert(LeadRow), "created_at", "id", "name")
every = Prepared(select(LeadRow.id, LeadRow.name, LeadRow.created_at).order_by(LeadRow.id))


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Row.metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_parameters_are_taken_in_the_order_named_and_converted(connection: Connection) -> None:
    lead = uuid4()
    assert add.touched(connection, [(MOMENT, lead, "Zoë 👋")]) == 1
    assert every.fetch(connection) == [(lead, "Zoë 👋", MOMENT)]
    (raw,) = connection.exec_driver_sql("SELECT id, created_at FROM leads")
    assert tuple(raw) == (lead.bytes, int(MOMENT.timestamp() * 1000))


def test_nothing_is_a_value_too(connection: Connection) -> None:
    lead = uuid4()
    add.run(connection, [(MOMENT, lead, None)])
    assert every.fetch(connection) == [(lead, None, MOMENT)]


def test_many_rows_are_run_at_once_and_counted(connection: Connection) -> None:
    rows = [(MOMENT + timedelta(milliseconds=n), UUID(int=n), f"Lead {n}") for n in range(1000)]
    assert add.touched(connection, rows) == 1000
    assert len(every.fetch(connection)) == 1000
    rename = Prepared(
        update(LeadRow).where(LeadRow.id == bindparam("lead")).values(name=bindparam("name")),
        "name",
        "lead",
    )
    assert rename.touched(connection, [("x", UUID(int=n)) for n in range(990, 1010)]) == 10


def test_no_rows_run_nothing(connection: Connection) -> None:
    assert add.touched(connection, []) == 0
    assert every.fetch(connection) == []


def test_a_parameter_may_stand_in_several_places(connection: Connection) -> None:
    operator = uuid4()
    connection.execute(
        insert(OperatorRow),
        {
            "id": operator,
            "name": "Ann",
            "active": True,
            "capacity": 5,
            "load": 2,
            "created_at": MOMENT,
        },
    )
    take = Prepared(
        update(OperatorRow)
        .where(OperatorRow.id == bindparam("operator"))
        .where(OperatorRow.load + bindparam("slots") <= OperatorRow.capacity)
        .values(load=OperatorRow.load + bindparam("slots")),
        "operator",
        "slots",
    )
    assert take.touched(connection, [(operator, 4)]) == 0
    assert take.touched(connection, [(operator, 2)]) == 1
    assert connection.execute(select(OperatorRow.load)).scalar_one() == 4


def test_it_runs_in_the_transaction_of_its_connection(connection: Connection) -> None:
    with connection.begin() as transaction:
        add.run(connection, [(MOMENT, uuid4(), "Ann")])
        assert every.fetch(connection)
        transaction.rollback()
    assert every.fetch(connection) == []


def test_a_failing_row_is_the_drivers_error(connection: Connection) -> None:
    row = (MOMENT, uuid4(), "Ann")
    with pytest.raises(connection.dialect.loaded_dbapi.IntegrityError):
        add.run(connection, [row, row])


def test_a_name_that_is_missing_is_noticed_when_it_is_compiled(connection: Connection) -> None:
    forgetful = Prepared(delete(LeadRow).where(LeadRow.id == bindparam("lead")))
    with pytest.raises(ValueError, match="not in tuple"):
        forgetful.run(connection, [()])


def test_a_dialect_with_named_parameters_is_refused() -> None:
    dialect: Callable[[], Dialect] = postgresql.dialect
    with pytest.raises(TypeError, match="position"):
        every._compile(dialect())


class TestTexts:
    """A list of any length as one parameter."""

    named = Prepared(select(LeadRow.name).where(among(LeadRow.name, "names")), "names")

    def found(self, connection: Connection, names: list[str]) -> set[str]:
        return {row[0] for row in self.named.fetch(connection, names)}

    def test_every_text_is_found_as_it_is(self, connection: Connection) -> None:
        names = [
            "Ann",
            "Анна",
            "😀👨‍👩‍👧",
            "q\"u\\o'te",
            "1",
            "null",
            "true",
            "[1]",
            "\u2028",
            "e\u0301",
        ]
        add.run(connection, [(MOMENT, uuid4(), name) for name in names])
        assert self.found(connection, names) == set(names)
        for name in names:
            assert self.found(connection, [name]) == {name}
        assert self.found(connection, ["é", "2", "ann"]) == set()

    def test_no_texts_find_nothing(self, connection: Connection) -> None:
        add.run(connection, [(MOMENT, uuid4(), "Ann")])
        assert self.found(connection, []) == set()

    def test_there_may_be_more_than_any_limit_of_parameters(self, connection: Connection) -> None:
        add.run(connection, [(MOMENT, uuid4(), "Ann")])
        assert self.found(connection, [*map(str, range(100_000)), "Ann"]) == {"Ann"}
