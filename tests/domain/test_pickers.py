"""What pickers promise, and picks among equally due operators; see also tests/properties."""

import pytest

from domain.exact_picker import ExactPicker
from domain.picker import CONTACT
from domain.strategy import Strategy


@pytest.mark.parametrize(
    ("eligible", "bound"), [(0, 0), (1, 0), (2, 0.5), (3, 0.75), (11, 0.95), (501, 0.999)]
)
def test_an_exact_share_is_off_by_less_than_a_contact(eligible: int, bound: float) -> None:
    assert ExactPicker.bound(eligible) == bound


@pytest.mark.parametrize("eligible", [0, 1, 2, 501])
def test_chance_promises_nothing(eligible: int) -> None:
    assert Strategy.RANDOM.picker.bound(eligible) is None


@pytest.mark.parametrize("quarters", [(1, 1, -2), (2, -1, -1), (1, 0, -1), (0, 0, 0), (3, -3, 0)])
def test_a_picker_that_remembers_picks_as_one_that_does_not(quarters: tuple[int, ...]) -> None:
    """In quarters of a contact, so that a credit can be exactly as large as a limit."""
    weights = (2, 1, 1)
    credits = [each * CONTACT // 4 for each in quarters]
    picker, now = ExactPicker(), credits
    for _ in range(24):
        picked = picker.pick(weights, now, None)
        assert picked == ExactPicker().pick(weights, now, None)
        now = picked.credits
