"""Slow pickers, written from the text of the rules, for tests to compare with."""

from collections.abc import Sequence
from fractions import Fraction

from domain.picker import CONTACT, ROLLS


def grants(weights: Sequence[int]) -> list[int]:
    """Divide one contact by weight in whole units; leftover units go to the largest remainders."""
    exact = [Fraction(CONTACT * weight, sum(weights)) for weight in weights]
    whole = [each.numerator // each.denominator for each in exact]
    for _ in range(CONTACT - sum(whole)):
        index = max(range(len(exact)), key=lambda i: (exact[i] - whole[i], -i))
        whole[index] += 1
    return whole


def exact_pick(
    credits: Sequence[int | Fraction], grown_by: Sequence[int | Fraction]
) -> tuple[int, list[int | Fraction]]:
    """Apply Tijdeman's rule, with the largest credit first where an operator is overdue.

    A weight here is what the credit grows by: the share of one contact.

    Returns the position picked, and the credits afterwards, in units of credit.
    """
    count = len(credits)
    grown = [credit + grant for credit, grant in zip(credits, grown_by, strict=True)]
    position = 0
    if count > 1:
        threshold = Fraction(CONTACT, 2 * count - 2)
        due = [index for index in range(count) if grown[index] >= threshold]
        overdue = max(grown) > CONTACT - threshold
        if due and not overdue:
            position = min(
                due, key=lambda i: (Fraction(CONTACT - threshold - grown[i]) / grown_by[i], i)
            )
        else:
            position = min(range(count), key=lambda i: (-grown[i], i))
    grown[position] -= CONTACT
    return position, grown


def random_pick(weights: Sequence[int], roll: int) -> int:
    """Lay the shares end to end from 0 to 1; return the position on whose share the roll falls."""
    point = Fraction(roll, ROLLS)
    end = Fraction(0)
    for position, weight in enumerate(weights):
        end += Fraction(weight, sum(weights))
        if point < end:
            return position
    raise AssertionError("the shares sum to 1, and a roll is below 1")
