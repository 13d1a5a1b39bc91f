"""The names in a PromQL expression: its metrics with the labels that are asked of them, and more.

Nothing is evaluated. Every word has to be a metric, a label or a word of the language; what is none
of these is refused, so that a misspelt name cannot pass.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

AGGREGATIONS = {"avg", "bottomk", "count", "max", "min", "quantile", "sum", "topk"}
FUNCTIONS = {
    *("absent", "changes", "clamp_max", "clamp_min", "delta", "deriv", "histogram_quantile"),
    *("idelta", "increase", "irate", "label_values", "max_over_time", "rate", "vector"),
}
"""`label_values` is Grafana's own."""
_LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS = {"and", "or", "unless", "offset", "bool"}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"[^"\\]*")
    | (?P<range>\[(?:\d+[smhdw]|\$__rate_interval)\])
    | (?P<number>\d+(?:\.\d+)?[smhdw]?)
    | (?P<name>[A-Za-z_:][A-Za-z0-9_:]*)
    | (?P<sign>=~|!~|!=|==|<=|>=|[-+*/%^<>=(){},])
    )""",
    re.VERBOSE,
)


class Matcher(NamedTuple):
    """What is asked of a label; `text` is a regular expression if the sign has a tilde."""

    label: str
    sign: str
    text: str


@dataclass
class Names:
    """The names in an expression.

    Attributes:
        metrics: each with its matchers.
        lists: labels in `by`, `on` and the like.
    """

    metrics: list[tuple[str, list[Matcher]]] = field(default_factory=list)
    lists: set[str] = field(default_factory=set)


def names_in(expression: str) -> Names:
    """Return the names in an expression.

    Raises:
        ValueError: it has something that is no name and no part of the language.
    """
    found, tokens, open_brackets = Names(), list(_tokens(expression)), 0
    while tokens:
        kind, word = tokens.pop(0)
        following = tokens[0][1] if tokens else ""
        open_brackets += (word == "(") - (word == ")")
        if open_brackets < 0 or word in {"{", "}"}:
            raise ValueError(f"{word} comes unexpectedly in {expression}")
        if kind != "name" or word in _WORDS:
            continue
        if word in _LISTS:
            found.lists.update(label for label, *_ in _listed(tokens, "(", ")"))
        elif following == "(" or following in {"by", "without"}:
            if word not in AGGREGATIONS | FUNCTIONS:
                raise ValueError(f"{word} is no function of PromQL")
            if word == "label_values":
                # Its last argument is a label.
                found.lists.add(tokens.pop(-2)[1])
        else:
            asked = _listed(tokens, "{", "}") if following == "{" else []
            found.metrics.append((word, [Matcher(*each) for each in asked]))
    if open_brackets:
        raise ValueError(f"a bracket is not closed in {expression}")
    return found


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    position, end = 0, len(expression.rstrip())
    while position < end:
        word = _TOKEN.match(expression, position)
        if word is None or word.lastgroup is None:
            raise ValueError(f"{expression[position:]!r} is not understood")
        yield word.lastgroup, word[word.lastgroup]
        position = word.end()


def _listed(tokens: list[tuple[str, str]], opening: str, closing: str) -> list[list[str]]:
    """Take a list in brackets off the tokens; return its items, each as its tokens."""
    items: list[list[str]] = [[]]
    if tokens.pop(0)[1] != opening:
        raise ValueError(f"{opening} is missing")
    while (word := tokens.pop(0)[1]) != closing:
        if word == ",":
            items.append([])
        else:
            items[-1].append(word.strip('"'))
    return [each for each in items if each]
