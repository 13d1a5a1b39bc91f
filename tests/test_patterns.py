"""No text can make one of our regular expressions slow.

A pattern is slow if it has an unbounded repetition inside another, or two of them in a row. Each
pattern is parsed, and must have neither; time is not measured.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from re import _constants as constants
from re import _parser as parser
from typing import Any

import pytest
from starlette.routing import compile_path

from domain import limits
from entrypoints.edge.access import CALLS

ROOT = Path(__file__).parent.parent
_REPEATS = {constants.MAX_REPEAT, constants.MIN_REPEAT}


def patterns() -> Iterator[str]:
    """Yield every pattern that is written in the code, and those of the routes."""
    for folder in ("domain", "application", "adapters", "entrypoints", "examples"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and getattr(node.func.value, "id", None) == "re"
                    and node.args
                    and isinstance(node.args[0], ast.Constant)
                ):
                    yield _text(node.args[0].value)
                if (
                    isinstance(node, ast.keyword)
                    and node.arg == "pattern"
                    and isinstance(node.value, ast.Constant)
                ):
                    yield _text(node.value.value)
    yield from (limits.KEY, limits.IDENTITY_KIND)
    yield from (compile_path(path)[0].pattern for _, path in CALLS)


def _text(pattern: object) -> str:
    if isinstance(pattern, bytes):
        return pattern.decode("ascii")
    assert isinstance(pattern, str)
    return pattern


def endless(parsed: Any, within: bool = False) -> Iterator[str]:
    """Yield what is wrong with a parsed pattern."""
    before = False
    for operation, argument in parsed:
        inside = within
        if operation in _REPEATS:
            least, most, repeated = argument
            if most == constants.MAXREPEAT:
                if within:
                    yield "a repetition without an end within another"
                if before:
                    yield "two repetitions without an end in a row"
                inside, before = True, True
            elif least:
                before = False
            yield from endless(repeated, inside)
            continue
        before = False
        for part in argument if isinstance(argument, tuple | list) else [argument]:
            for each in part if isinstance(part, list) else [part]:
                if isinstance(each, parser.SubPattern):
                    yield from endless(each, within)


@pytest.mark.parametrize("pattern", sorted(set(patterns())))
def test_no_pattern_has_a_repetition_that_can_be_made_slow(pattern: str) -> None:
    assert not [*endless(parser.parse(pattern))]


@pytest.mark.parametrize(
    "pattern", [r"(a+)+", r"(?:a|b*)*c", r"a+a+b", r"a+b?a+", r".*.*=", r"(?:x*)*"]
)
def test_a_pattern_that_can_be_made_slow_is_found(pattern: str) -> None:
    assert [*endless(parser.parse(pattern))]
