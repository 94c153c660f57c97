"""Whatever is pasted gets a verdict in the vocabulary of the labels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.cli.judge import judge_text

ANSWERS = sorted((Path(__file__).parent.parent / "answers").glob("*.json"))


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_a_pasted_body_is_judged_as_labelled(path: Path) -> None:
    """From standard input a body has the same verdict as on the wire."""
    seen = json.loads(path.read_text("utf-8"))
    body = seen["body"]
    text = body if isinstance(body, str) else json.dumps(body, indent=2)
    for pasted in (text, text.encode(), json.dumps(body)):
        told = judge_text(seen["route"], seen["http_status"], pasted)
        assert {key: told[key] for key in seen["expected"]} == seen["expected"]
        assert {"reason", "change"} <= set(told)
        json.dumps(told)


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary(), st.integers() | st.none(), st.text(max_size=9))
def test_any_bytes_have_a_verdict(
    pasted: str | bytes, status: int | None, route: str
) -> None:
    """Exit code 0 for any body: nothing raises, everything prints."""
    told = judge_text(route, status, pasted)
    assert told["billable"] in {True, False, "unknown"}
    json.dumps(told, allow_nan=False)
