"""Tables as CSV: a double click opens them correctly."""

import csv
import io
import itertools
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.console.language import language
from entrypoints.console.spreadsheet import spreadsheet

ENGLISH, RUSSIAN = language("en"), language("ru")
ROW = ["a", 7, 0.25, None, datetime(2026, 11, 26, 23, 5, 59, tzinfo=UTC), 'say "x"']


def test_where_decimals_have_a_point() -> None:
    assert spreadsheet([ROW], ENGLISH) == '\ufeffa,7,0.25,,2026-11-26 23:05,"say ""x"""\r\n'


def test_where_decimals_have_a_comma() -> None:
    assert spreadsheet([ROW], RUSSIAN) == '\ufeffa;7;0,25;;2026-11-26 23:05;"say ""x"""\r\n'


def test_moments_are_in_utc_whatever_their_zone() -> None:
    moscow = datetime(2026, 11, 27, 2, 5, tzinfo=timezone(timedelta(hours=3)))
    assert "2026-11-26 23:05" in spreadsheet([[moscow]], RUSSIAN)


@pytest.mark.parametrize("spoken", [ENGLISH, RUSSIAN], ids=lambda each: each.code)
@given(
    rows=st.lists(
        st.lists(
            st.one_of(
                st.integers(),
                st.floats(allow_nan=False, allow_infinity=False),
                st.text(st.sampled_from('=+-@ab ,;\t\r\n"'), max_size=9),
            ),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
    )
)
def test_every_value_is_in_its_cell_and_none_is_a_formula(
    spoken: Any, rows: list[list[int | float | str]]
) -> None:
    """Whichever separator a spreadsheet assumes, and whether or not it understands quotes."""
    text = spreadsheet(rows, spoken).removeprefix("\ufeff")
    mark = spoken.decimal_mark
    own = ";" if mark == "," else ","
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=own))
    for row, cells in zip(rows, read, strict=True):
        for value, cell in zip(row, cells, strict=True):
            if isinstance(value, str):
                assert cell.replace("'", "") == value
            else:
                assert type(value)(cell.replace(mark, ".")) == value
    quotings: tuple[Literal[0, 3], ...] = (csv.QUOTE_MINIMAL, csv.QUOTE_NONE)
    for delimiter, quoting in itertools.product(",;\t", quotings):
        if (delimiter, quoting) == (own, csv.QUOTE_NONE):
            continue
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
        for cell in (cell for row in reader for cell in row):
            shown = cell.strip(' \t\r\n"')
            assert not shown.startswith(("=", "+", "@")), cell
