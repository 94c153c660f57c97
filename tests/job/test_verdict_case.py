"""What is asked of a case is answered by what lies nearest to Google."""

from __future__ import annotations

import pytest

from functions.job.verdict_case import Case, finish_name
from functions.job.verdict_evidence import gather
from functions.job.verdict_text import read


def case(body: object, status: int | None = None, counted: int | None = None) -> Case:
    reading = read(body)
    return Case("native", status, None, counted, reading, gather(reading), None)


@pytest.mark.parametrize(
    ("value", "route", "name"),
    [
        ("STOP", "native", "STOP"),
        ("safety", "relay", "SAFETY"),
        ("stop", "relay", "stop"),
        ("FINISH_REASON_SAFETY", "vertex", "SAFETY"),
        ("FINISH_REASON_UNSPECIFIED", "vertex", "FINISH_REASON_UNSPECIFIED"),
        ("FinishReason.IMAGE_OTHER", "native", "IMAGE_OTHER"),
        ("brand_new", "native", "brand_new"),
        (4, "native", "RECITATION"),
        (6, "native", "LANGUAGE"),
        (6, "vertex", "BLOCKLIST"),
        (14, "vertex", "IMAGE_OTHER"),
        (99, "native", "99"),
        (-1, "native", "-1"),
        (True, "native", ""),
        (None, "native", ""),
        (1.5, "native", ""),
    ],
)
def test_a_finish_reason_has_one_name(value: object, route: str, name: str) -> None:
    """Any spelling, and the numbers of both protos, lead to the wire's own name."""
    assert finish_name(value, route) == name


def test_the_bodys_code_comes_before_the_connections() -> None:
    """A relay's 500 around Google's 404 is a 404."""
    assert case({"error": {"code": 404}}, 500).code() == 404
    assert case({"error": {"message": "x"}}, 500).code() == 500
    assert case("Error code: 429", None).code() == 429
    assert case("Error code: 429", 200).code() == 0
    assert case({}, 200).code() == 0


def test_an_answer_is_no_error() -> None:
    """Errors are what names itself so, or what stands alone."""
    answer = {"candidates": [], "message": "ok"}
    assert not case(answer, 200).errors()
    assert case(answer, 400).errors()
    assert case({"message": "no"}, 200).errors()
    assert case("<html>", 200).errors()
    assert case({"error": "x"}, 200).errors()


def test_the_clients_count_of_pictures_is_the_truth() -> None:
    """Where the client cut the pictures out, it knows how many there were."""
    body = {"data": [{"b64_json": "iVBORw0KGgo="}]}
    assert case(body).pictures() == 1
    assert case(body, counted=0).pictures() == 0
    assert case({}, counted=3).pictures() == 3


def test_a_block_reason_is_a_word() -> None:
    """Names, numbers known and unknown, and nothing for anything else."""
    for value, name in (("OTHER", "OTHER"), (1, "SAFETY"), (77, "77"), (True, "")):
        assert case({"promptFeedback": {"blockReason": value}}).block_shown() == name
