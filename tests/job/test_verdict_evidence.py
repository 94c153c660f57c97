"""The walk finds failures in any envelope and never listens to the model's prose."""

from __future__ import annotations

import pytest

from functions.job.verdict import judge
from functions.job.verdict_evidence import gather, written_code
from functions.job.verdict_text import Reading, read


def test_the_deepest_error_comes_first() -> None:
    """What lies deepest is nearest to Google."""
    inner = '{"error": {"code": 404, "status": "NOT_FOUND", "message": "inner"}}'
    evidence = gather(read({"error": {"code": 500, "message": inner, "type": "t"}}))
    assert [code for _, code in evidence.codes] == [404, 500]
    assert evidence.texts[0][1] == "inner"
    assert evidence.reasons[0][1] == "NOT_FOUND"


def test_the_models_words_are_no_errors() -> None:
    """A picture of an error message, or a text about one, is an answer."""
    words = '{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}'
    for body in (
        {
            "candidates": [
                {"content": {"parts": [{"text": words}]}, "finishReason": "STOP"}
            ]
        },
        {"choices": [{"message": {"content": words}, "finish_reason": "stop"}]},
    ):
        assert not gather(read(body)).codes
        assert judge(route="relay", status=200, body=body).klass == "refused_text"


def test_codes_are_read_as_number_text_and_phrase() -> None:
    """Relays write 503, "503", 503.0 and "Service Unavailable"."""
    code: object
    for code in (503, "503", " 503 ", 503.0, "Service Unavailable"):
        evidence = gather(read({"error": {"code": code}}))
        assert [found for _, found in evidence.codes] == [503]
    for code in (True, 200, 0, -1, 10**5000, float("inf"), "50x", None, [503]):
        assert not gather(read({"error": {"code": code}})).codes


def test_errors_inside_choices_are_found() -> None:
    """OpenRouter puts a provider's error into the choice."""
    choice = {"error": {"code": 502, "message": "bad"}, "finish_reason": "error"}
    evidence = gather(read({"choices": [choice, 7, {"error": "x"}]}))
    assert evidence.named
    assert evidence.codes[0][1] == 502


def test_the_walk_is_bounded() -> None:
    """Width, depth and embedded texts end somewhere."""
    wide = gather(read([{"error": {"message": '{"a": 1} and words'}}] * 9_000))
    assert wide.nodes <= 5_100
    assert len(wide.texts) <= 202
    node: object = {}
    for _ in range(3_000):
        node = [{"error": node}]
    assert gather(read(node)).nodes < 100


def test_prose_of_a_list_is_heard() -> None:
    """An error may be a bare string in a list."""
    assert gather(read(["it broke"])).texts == [(0, "it broke")]
    assert gather(Reading((["a"],))).texts


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("429 RESOURCE_EXHAUSTED. {}", 429),
        ("Error code: 503 - x", 503),
        ("request failed with status code 500", 500),
        ("got HTTP/1.1 502 from upstream", 502),
        ("Upstream error 503 Service Unavailable", 503),
        ("[404 Not Found] x", 404),
        ("Bad Gateway", 502),
        ("bad gateway", 502),
        ("ServiceUnavailable: 503 failed to connect", 503),
        ("Limit: 500 requests", 0),
        ("ipv4:142.251.42.234:443: TCP handshake shutdown", 0),
        ("the picture has 500 pixels", 0),
        ("gemini-2.5", 0),
        ("", 0),
    ],
)
def test_a_status_is_read_from_prose(text: str, code: int) -> None:
    """Clients and proxies write the status into their sentence."""
    assert written_code(text) == code
