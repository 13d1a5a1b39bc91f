"""What an audit log entry keeps of a change."""

from domain.audit import differences


def test_what_stays_is_left_out() -> None:
    before, after = {"name": "Ann", "capacity": 3}, {"name": "Ann", "capacity": 4}
    assert differences(before, after) == ({"capacity": 3}, {"capacity": 4})


def test_what_goes_and_what_comes_stand_on_one_side() -> None:
    assert differences({"a": 1, "b": 0}, {"b": 0, "c": None}) == ({"a": 1}, {"c": None})


def test_nothing_is_left_of_no_change() -> None:
    assert differences({"a": None}, {"a": None}) == ({}, {})
