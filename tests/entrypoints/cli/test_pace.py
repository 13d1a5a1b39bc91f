"""An import runs at full speed when alone, and leaves half of the time to other writers."""

from dataclasses import dataclass, field

from application.ports.failures import StorageAway
from application.ports.storage import Changes
from entrypoints.cli.importing.pace import Pace


@dataclass
class Bench(Changes):
    """A storage that others may write to, and a clock; it takes 40 ms to store 500 rows."""

    stored: int = 0
    away: bool = False
    time: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def token(self) -> object:
        if self.away:
            raise StorageAway("the file is gone.")
        return self.stored

    def pause(self, seconds: float) -> None:
        self.pauses.append(round(seconds, 6))

    def pace(self) -> Pace:
        return Pace(self, lambda: self.time, self.pause)

    def store(self, pace: Pace) -> int:
        """Store as many rows as the pace allows; return how many."""
        rows = pace.rows
        with pace.transaction():
            self.stored += 1
            self.time += 0.04 * rows / 500
        return rows


def test_alone_it_never_waits() -> None:
    bench = Bench()
    pace = bench.pace()
    assert [bench.store(pace) for _ in range(4)] == [500] * 4
    assert bench.pauses == []


def test_beside_others_it_stores_little_and_rests() -> None:
    bench = Bench()
    pace = bench.pace()
    rows = []
    for _ in range(4):
        rows.append(bench.store(pace))
        bench.stored += 1
    assert rows == [500, 500, 100, 100]
    assert bench.pauses == [0.04] * 3


def test_others_who_wait_for_it_are_not_forgotten_at_once() -> None:
    """While they wait, they write nothing."""
    bench = Bench()
    pace = bench.pace()
    bench.store(pace)
    bench.stored += 1
    assert [bench.store(pace) for _ in range(4)] == [500, 100, 100, 100]
    bench.time += 1
    assert [bench.store(pace) for _ in range(3)] == [100, 500, 500]
    assert bench.pauses == [0.04] * 4


def test_whether_the_storage_is_there_is_for_the_transaction_to_say() -> None:
    bench = Bench()
    pace = bench.pace()
    bench.store(pace)
    bench.away = True
    assert bench.store(pace) == 500
    assert bench.pauses == []
