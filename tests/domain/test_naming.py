"""Keys made from names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import limits
from domain.naming import free_key, key_of


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Anna", "anna"),
        ("Anna Petrova", "anna-petrova"),
        ('  O\'Neil, "Bobby" (2)  ', "o-neil-bobby-2"),
        ("Анна Ёлкина", "anna-elkina"),
        ("Юлия Щукина-Жукова", "yuliya-shchukina-zhukova"),
        ("Подъячев Игорь", "podyachev-igor"),
        ("Їжак Ґалаґан", "yizhak-galagan"),
        ("Jürgen Groß", "jurgen-gross"),
        ("Søren Łukasz Æbelø", "soren-lukasz-aebelo"),
        ("李小龙", "operator"),
        ("👩🏽‍🚀", "operator"),
        ("---", "operator"),
        ("x" * 200, "x" * 56),
        ("a" * 55 + " b", "a" * 55),
    ],
)
def test_a_key_is_the_name_in_small_latin_letters(name: str, key: str) -> None:
    assert key_of(name, "operator") == key


@given(st.text())
def test_whatever_the_name_the_key_is_one(name: str) -> None:
    key = key_of(name, "operator")
    assert re.fullmatch(limits.KEY, key)
    numbered = free_key(key, {key, *(f"{key}-{number}" for number in range(2, 1_000))})
    assert numbered == f"{key}-1000"
    assert re.fullmatch(limits.KEY, numbered)


def test_a_key_that_is_free_is_taken_as_it_is() -> None:
    assert free_key("anna", {"anna-2", "annabel"}) == "anna"
    assert free_key("anna", {"anna", "anna-3"}) == "anna-2"
