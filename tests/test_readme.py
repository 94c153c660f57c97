from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Final

import click
import pytest

from functions.cli.app import root
from functions.job.outcome import EventData, EventType
from functions.job.request import Request, parse
from functions.job.timing import Timing
from functions.job.verdict import VerdictClass

ROOT: Final = Path(__file__).parent.parent
README: Final = (ROOT / "README.md").read_text()
BLOCKS: Final = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS: Final = sorted(
    {
        line.removeprefix("$ ").partition("#")[0].strip()
        for kind, block in BLOCKS
        if kind == "console"
        for line in block.splitlines()
        if line.startswith("$ ")
    }
)


def named(pattern: str) -> set[str]:
    return set(re.findall(pattern, README))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_exists(command: str) -> None:
    """A target of the Makefile, or a command whose options are all known."""
    words = command.split()
    if words[0] == "make":
        assert re.search(
            rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE
        )
        return
    assert words[0] == ".venv/bin/plantain"
    known = root.get_command(click.Context(root), words[1])
    assert known is not None
    options = {name for param in known.params for name in param.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_setting_is_documented_and_none_is_invented() -> None:
    """The table and `settings.py` name the same variables."""
    source = (ROOT / "functions/settings.py").read_text()
    read = set(re.findall(r'"(PLANTAIN_[A-Z_]+)"', source))
    assert named(r"`(PLANTAIN_[A-Z_]+)`") == read
    for field in dataclasses.fields(Timing):
        assert field.name.upper() in README
    for name in ("NANO_BANANA_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        assert f"`{name}`" in README


def test_every_event_and_verdict_is_documented() -> None:
    """Nobody meets a word in an event that the README does not explain."""
    assert named(r"`(plantain\.[a-z.]+\.v1)`") == set(EventType)
    table = README.partition("## When it fails")[2].partition("## Settings")[0]
    first = [
        line.split("|")[1] for line in table.splitlines() if line.startswith("| `")
    ]
    told = re.findall(r"`(\w+)`", "".join(first))
    assert sorted(told) == sorted(VerdictClass)


def test_the_examples_are_real() -> None:
    """The request parses; the event's fields are fields of an event."""
    request, event = [block for kind, block in BLOCKS if kind == "json"]
    parsed = parse(request.encode(), {}, "m")
    assert parsed.kind == "edit"
    names = {f.alias or n for n, f in EventData.model_fields.items()}
    assert set(json.loads(event)) <= names


def test_every_field_with_a_default_is_what_the_table_says() -> None:
    """A changed default is a changed promise."""
    defaults = Request(id="j", prompt="p")
    assert (defaults.on_mismatch, defaults.on_unknown) == ("flag", "repeat")
    assert (defaults.max_paid_calls, defaults.max_attempts) == (2, 6)
    for field in re.findall(r"^\| `(\w+)`(?:, `(\w+)`)* \|", README, re.MULTILINE):
        assert field


def test_the_first_screen_has_its_parts() -> None:
    """Sentence, problem, promise, terminal, pictures that exist, measured table."""
    top = README.partition("## Run it")[0]
    assert len(top.splitlines()) < 60
    for picture in re.findall(r"!\[.+?\]\((.+?)\)", top):
        assert (ROOT / picture).exists()
    (terminal,) = [b for kind, b in BLOCKS if kind == "console" and "make demo" in b][
        :1
    ]
    assert len(terminal.splitlines()) <= 14
    rows = [line for line in top.splitlines() if line.startswith("|")]
    assert len(rows) >= 6
