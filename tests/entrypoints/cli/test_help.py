"""Every --help, for a newcomer: what each option means, its default, and an example."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from entrypoints.cli.main import app
from tests.entrypoints.cli.conftest import Command


def commands(group: Any, *before: str) -> Iterator[tuple[list[str], Any]]:
    """Yield every command of a group and its subgroups, with the words that call it."""
    for name, command in group.commands.items():
        words = [*before, name]
        if hasattr(command, "commands"):
            yield from commands(command, *words)
        else:
            yield words, command


COMMANDS = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=lambda each: str(each)[:40])
def test_every_option_is_explained(fairlead: Command, words: list[str], command: Any) -> None:
    shown = fairlead(*words, "--help").output
    for each in command.params:
        if each.name == "help":
            continue
        assert each.help, each.name
        told = each.show_default and not each.required and each.default not in {None, False}
        assert not told or f"default: {each.default}" in " ".join(shown.split()), each.name


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=lambda each: str(each)[:40])
def test_every_command_shows_an_example_of_itself(
    fairlead: Command, words: list[str], command: Any
) -> None:
    del command
    shown = " ".join(fairlead(*words, "--help").output.split())
    (example,) = shown.partition("Example: fairlead ")[2:]
    said = example.split()
    assert said[: len(words)] == words
    # The example can be parsed: `--help` at its end keeps it from being carried out.
    assert fairlead(*said, "--help").exit_code == 0


def test_the_list_of_commands_cuts_no_sentence_off(fairlead: Command) -> None:
    listed = fairlead("--help").output.partition("Commands:")[2]
    cut = [line for line in listed.splitlines() if line.endswith("...")]
    assert [line for line in cut if not line.strip().startswith("import")] == []
    assert "Begin with `fairlead serve`" in listed
