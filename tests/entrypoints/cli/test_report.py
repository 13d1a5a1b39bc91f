"""`fairlead report`: the file that it writes, and what it says if it cannot."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.entrypoints.cli.conftest import Command
from tests.entrypoints.consoles import words

LAST = "{0.year}-W{0.week:02}".format((datetime.now(UTC) - timedelta(days=7)).isocalendar())


def test_a_week_becomes_a_file_that_needs_no_other(
    fairlead: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fairlead("demo", "--days", 16)
    done = fairlead("report", "--zone", "Europe/Moscow")
    assert done.exit_code == 0, done.output
    assert f"fairlead-report-{LAST}.html holds the report of {LAST}" in done.output
    html = (tmp_path / f"fairlead-report-{LAST}.html").read_text("utf-8")
    assert not re.search(r"(src|href)=|url\(|<script", html)
    text = words(html.partition("<main")[2])
    assert f"Week {LAST}," in text
    assert "days and hours are those of Europe/Moscow." in text
    assert "as promised" in text
    assert re.search(r"Most are needed on \w+day at \d+:00: \d+\.", text)
    (share,) = re.findall(r"In a simulation of that hour (\d+)% of the contacts", text)
    # What Erlang's formula asks for, a company of real use cases fulfils.
    assert int(share) >= 75
    assert "The command fairlead report" not in text


def test_the_same_in_russian_of_the_week_that_is_not_over(
    fairlead: Command, tmp_path: Path
) -> None:
    fairlead("demo", "--days", 1)
    week = "{0.year}-W{0.week:02}".format(datetime.now(UTC).isocalendar())
    target = tmp_path / "r.html"
    done = fairlead("report", "--language", "ru", "--week", week, "--to", target)
    assert done.exit_code == 0, done.output
    assert "Отчёт за неделю" in target.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--week", "2026-48"], "there is no such week; write it as 2026-W48."),
        (["--week", "2999-W01"], "this week has not begun."),
        (["--zone", "Mars"], "there is no time zone 'Mars'; write one such as Europe/Moscow."),
        (["--zone", "../x"], "there is no time zone '../x'"),
        (["--language", "xx"], "there is no language 'xx'; choose one of en, ru."),
        (["--to", "/nowhere/r.html"], "/nowhere/r.html cannot be written: No such file"),
    ],
)
def test_what_cannot_be_done_is_said(fairlead: Command, arguments: list[str], said: str) -> None:
    fairlead("migrate")
    done = fairlead("report", *arguments)
    assert done.exit_code == 2
    assert said in done.output
