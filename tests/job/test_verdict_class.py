"""The words of a verdict are a closed set, and every recorded label is one of them."""

from __future__ import annotations

import json
from pathlib import Path

from functions.job.verdict_class import Retry, VerdictClass

LABELS = [
    json.loads(path.read_text("utf-8"))["expected"]
    for path in sorted((Path(__file__).parent.parent / "answers").glob("*.json"))
]


def test_the_sets_are_closed() -> None:
    """Events, records and dashboards count on 22 classes and five retries."""
    assert len(VerdictClass) == 22
    assert len(Retry) == 5


def test_every_recorded_label_is_a_word() -> None:
    """The folder of answers uses no word beyond ours, and all but few of ours."""
    assert {x["class"] for x in LABELS} <= set(VerdictClass)
    assert {x["retry"] for x in LABELS} <= set(Retry)
    assert len({x["class"] for x in LABELS}) >= 20
