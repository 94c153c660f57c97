from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.cli import echo


def test_a_step_is_one_short_line() -> None:
    """Function, time, action, facts; no severity and no trace."""
    line = {
        "severity": "INFO",
        "message": "settled",
        "at": 1795238042.0,
        "job": "pear",
        "logging.googleapis.com/trace": "projects/p/traces/t",
    }
    text, colour = echo.short("generate", json.dumps(line))
    assert text.split()[0] == "generate"
    assert text.split()[2:] == ["settled", "job=pear"]
    assert colour == ""


@pytest.mark.parametrize("severity", ["WARNING", "ERROR"])
def test_what_is_bad_stands_out(severity: str) -> None:
    """Warnings and errors have a colour."""
    line = json.dumps({"severity": severity, "message": "again"})
    assert echo.short("edit", line)[1]


@given(st.text())
def test_nothing_is_lost(line: str) -> None:
    """A line that is not ours is shown as it is, whatever it is."""
    text, _ = echo.short("edit", line)
    assert text.startswith("edit")
    assert line in text


@pytest.mark.parametrize("line", ["[1]", "{}", '{"message": 5}', "null", '"x"'])
def test_json_that_is_not_ours_is_shown_as_it_is(line: str) -> None:
    """Only an object with a message is one of our lines."""
    assert line in echo.short("edit", line)[0]
