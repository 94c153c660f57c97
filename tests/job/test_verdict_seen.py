"""Bodies that public threads show are judged as the labels' logic labels them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from functions.cli.judge import judge_text
from functions.job.verdict import judge

HERE = Path(__file__).parent
ROWS = json.loads((HERE / "verdict_seen.json").read_text("utf-8"))["rows"]
KINDS = json.loads((HERE / "verdict_kinds.json").read_text("utf-8"))["rows"]
ANSWERS = [
    json.loads(path.read_text("utf-8"))
    for path in sorted((HERE.parent / "answers").glob("*.json"))
]


def told(row: dict[str, Any], body: object) -> dict[str, object]:
    text = body if isinstance(body, str) else json.dumps(body)
    found = judge_text(row["route"], row["http_status"], text)
    return {key: found[key] for key in row["expected"]}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_bodies_seen_in_public_are_judged_as_labelled(row: dict[str, Any]) -> None:
    """Class, retry and billable follow from the body, pasted or on the wire."""
    assert told(row, row["body"]) == row["expected"]
    wire = judge(route=row["route"], status=row["http_status"], body=row["body"])
    assert wire.to_dict()["class"] == row["expected"]["class"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_a_list_a_string_and_a_prefix_are_only_paper(row: dict[str, Any]) -> None:
    """What a client wraps around an error that it saw never changes the label."""
    if row["http_status"] == 200 or row["expected"]["class"] == "image":
        return
    body = row["body"]
    said = body if isinstance(body, str) else json.dumps(body)
    wrapped = ([body], {"error": body}, {"detail": said}, f"Upstream error: {said}")
    for paper in (*wrapped, {"error": {"message": said}}, json.dumps(said)):
        assert told(row, paper)["class"] == row["expected"]["class"]


def test_no_body_is_kept_twice() -> None:
    """Each row adds a body that nothing else here shows."""
    shown = [
        (row["http_status"], json.dumps(row["body"], sort_keys=True))
        for row in (*ROWS, *KINDS, *ANSWERS)
    ]
    assert len(set(shown)) == len(shown)
    assert len({row["name"] for row in ROWS}) == len(ROWS) >= 150
    assert all(row["source"] for row in ROWS)
