"""Every command shows the names that people chose, and the terminal never obeys them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoints.cli.terminal import plain
from tests.entrypoints.cli.conftest import Command

EVIL = "\x1b]0;x\x07\x1b[2J\u202eAnna\x9b31m\r\n\u2028line  9"


@given(st.text())
def test_a_plain_text_is_one_line_that_any_terminal_can_be_sent(text: str) -> None:
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    shown.encode()
    assert not any(each < " " or "\x7f" <= each <= "\x9f" for each in shown)


def test_words_that_people_write_stay_what_they_are() -> None:
    text = "ИП Пётр [/x] :smile: <b> 👩‍👩‍👧 ñ اسم"
    assert plain(text) == text


def _is_safe(output: str) -> bool:
    return all(plain(each) == each for each in output.split("\n"))


@pytest.mark.parametrize(
    "words",
    [
        ("import", f"{EVIL}.csv", "--source", "a", "--identity", "phone=b"),
        ("import", "x.csv", "--source", "a", "--identity", EVIL),
        ("import", "x.csv", "--source-key", EVIL, "--identity", "phone=b"),
        ("import", "x.csv", "--source", "a", "--identity", "phone=b", "--encoding", EVIL),
        ("import", "x.csv", EVIL),
        ("backup", f"/no/such/{EVIL}"),
        ("restore", f"/no/such/{EVIL}"),
        ("migrate", "--database-url", f"sqlite:////no/such/{EVIL}"),
        ("migrate", "--database-url", EVIL),
        ("copy", "--to", EVIL),
        ("purge", "--before", EVIL),
        ("serve", "--port", EVIL),
        ("keys", "revoke", EVIL),
        ("keys", "create", "--role", EVIL),
        ("keys", EVIL),
        (EVIL,),
        (f"--{EVIL}",),
    ],
)
def test_what_is_wrong_is_said_without_what_moves_a_cursor(
    fairlead: Command, words: tuple[str, ...]
) -> None:
    done = fairlead(*words)
    assert done.exit_code == 2
    assert _is_safe(done.output)


def test_names_in_tables_and_sentences_are_one_line(fairlead: Command, tmp_path: Path) -> None:
    assert fairlead("migrate").exit_code == 0
    made = fairlead("keys", "create", "--role", "viewer", "--name", f"Anna {EVIL[:20]}")
    assert made.exit_code == 0
    listed = fairlead("keys", "list")
    assert _is_safe(listed.output)
    assert len(listed.output.splitlines()) == 2
    file = tmp_path / f"{EVIL[:9]}\n.csv"
    file.write_text(f"channel,phone\n{EVIL!r},none\n\x1b[31m,none\n")
    done = fairlead(
        "import", file, "--source", "channel", "--identity", "phone=phone", "--create-sources"
    )
    assert done.exit_code == 3
    assert _is_safe(done.output)
