"""Every console text is translated into Russian, and the compiled catalogue is up to date."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import entrypoints.console

CONSOLE = Path(entrypoints.console.__file__).parent
RUSSIAN = CONSOLE / "locale/ru/LC_MESSAGES/console.po"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "translate": None}


@pytest.fixture(scope="module")
def russian() -> Catalog:
    with RUSSIAN.open("rb") as file:
        return read_po(file, locale="ru")


def texts() -> set[str]:
    """Return every text that templates and code mark for translation."""
    found = extract_from_dir(
        str(CONSOLE),
        [("**.py", "python"), ("templates/**.html", "jinja2")],
        {"templates/**.html": {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}},
        keywords={**KEYWORDS, "plural": (1, 2)},
    )
    return {text if isinstance(text, str) else text[0] for _, _, text, *_ in found}


def test_every_text_is_translated(russian: Catalog) -> None:
    translated = {
        each.id if isinstance(each.id, str) else each.id[0]
        for each in russian
        if each.id and (all(each.string) if isinstance(each.string, tuple) else each.string)
    }
    assert texts() - translated == set(), "run `make texts` and translate what is new"
    assert translated - texts() == set(), "run `make texts`: some texts are no longer there"


def test_translations_take_the_same_values(russian: Catalog) -> None:
    for each in russian:
        if not each.id:
            continue
        asked = set(re.findall(r"%\(\w+\)s", each.id if isinstance(each.id, str) else each.id[1]))
        given = each.string if isinstance(each.string, tuple) else (each.string,)
        for string in given:
            assert isinstance(string, str), each.id
            assert set(re.findall(r"%\(\w+\)s", string)) == asked, each.id


def test_a_contact_has_one_word_in_russian(russian: Catalog) -> None:
    """What its README calls it; the other word is that of contact details."""
    for each in russian:
        for string in each.string if isinstance(each.string, tuple) else (each.string,):
            assert "\u043e\u043d\u0442\u0430\u043a\u0442" not in str(string), each.id


def test_what_is_compiled_is_what_is_translated(russian: Catalog) -> None:
    compiled = BytesIO()
    write_mo(compiled, russian)
    assert RUSSIAN.with_suffix(".mo").read_bytes() == compiled.getvalue(), "run `make texts`"
