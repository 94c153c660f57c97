from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from functions.cli import options
from functions.job.request import Request


def given(*arguments: str) -> dict[str, Any]:
    """Return what a command with our options is called with."""
    found: dict[str, Any] = {}

    @click.command()
    @options.of_request
    @options.of_waiting
    def command(**told: object) -> None:
        found.update(told)

    CliRunner().invoke(
        command, list(arguments), catch_exceptions=False, standalone_mode=False
    )
    return found


def test_what_is_not_given_is_not_in_the_request() -> None:
    """The functions' defaults hold, so the bare command is the bare request."""
    assert given() == {"wanted": options.Wanted()}


def test_every_option_is_a_field_of_the_request() -> None:
    """The command's words become the request's own names."""
    found = given(
        *("--model", "m", "--size", "2K", "--ratio", "16:9", "--id", "i"),
        *("--label", "k=v", "--label", "l=", "--tenant", "t", "--seed", "7"),
        *("--thinking", "high", "--deadline", "2026-01-01T00:00:00Z"),
        *("--max-paid-calls", "1", "--drafts"),
    )
    del found["wanted"]
    assert found["labels"] == {"k": "v", "l": ""}
    assert found["image_size"] == "2K"
    assert found["drafts"] is True
    assert set(found) <= set(Request.model_fields)
    assert len(found) == 11


@pytest.mark.parametrize("pair", ["k", "=v", ""])
def test_a_label_without_a_name_is_refused(pair: str) -> None:
    """K=V, or nothing is ordered."""
    with pytest.raises(click.UsageError, match="K=V"):
        given("--label", pair)
