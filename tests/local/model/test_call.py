from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.local.model.stand import Stand, body, opened, parts_of, picture_of


def data_of(stand: Stand, scenario: str) -> tuple[str, bytes]:
    """Return the raw body and the plain picture of the same request."""
    raw = stand.post(body(), scenario).text
    return raw, picture_of(stand.ask())


@pytest.mark.parametrize("scenario", ["urlsafe", "unpadded", "slashes", "newlines"])
def test_base64_in_other_clothes(stand: Stand, scenario: str) -> None:
    """Each way of writing it is on the wire, and means the same picture."""
    raw, picture = data_of(stand, scenario)
    text = parts_of(json.loads(raw))[0]["inlineData"]["data"]
    plain = "".join(text.split()).replace("-", "+").replace("_", "/")
    assert base64.b64decode(plain + "=" * (-len(plain) % 4)) == picture
    marks = {
        "urlsafe": "+" not in text and "/" not in text and "_" in text,
        "unpadded": not text.endswith("="),
        "slashes": "\\/" in raw,
        "newlines": "\\n" in raw,
    }
    assert marks[scenario]
    ordinary = stand.post().text
    assert "\\/" not in ordinary
    assert "\\n" not in ordinary


def test_base64_that_is_none(stand: Stand) -> None:
    """A foreign character in the middle."""
    text = parts_of(stand.ask(body(), "bad_base64"))[0]["inlineData"]["data"]
    assert "!" in text


def keys(document: Any, name: str) -> list[str]:  # JSON
    """Return the key order of the object that holds `name`."""
    if isinstance(document, list):
        return next((found for one in document if (found := keys(one, name))), [])
    if not isinstance(document, dict):
        return []
    if name in document:
        return list(document)
    return keys(list(document.values()), name)


def test_keys_in_another_order(stand: Stand) -> None:
    """Data before mimeType, thought before or after the picture, candidates last."""
    plain = stand.ask(body(), "drafts=1")
    turned = stand.ask(body(), "drafts=1, order")
    assert keys(plain, "data") == ["mimeType", "data"]
    assert keys(turned, "data") == ["data", "mimeType"]
    assert keys(plain, "thought") == list(reversed(keys(turned, "thought")))
    assert list(turned)[-1] == "candidates"
    orders = {tuple(stand.ask(body(), f"order={seed}")) for seed in range(9)}
    assert len(orders) > 1


def test_pretty_and_listed(stand: Stand) -> None:
    """Indented JSON, and the answer as the one element of a list."""
    assert stand.post(body(), "pretty").text.startswith('{\n  "candidates": [\n')
    document = stand.post(body(), "list").json()
    assert opened(picture_of(document[0])).size == (1024, 1024)
    assert stand.post(body(), "overloaded, list").json()[0]["error"]["code"] == 503


@pytest.mark.parametrize(
    ("scenario", "status", "start"),
    [
        ("html_502", 502, "<!DOCTYPE html>"),
        ("html_502=504", 504, "<!DOCTYPE html>"),
        ("html_200", 200, "<!DOCTYPE html>"),
        ("empty", 200, ""),
        ("empty=503", 503, ""),
        ("garbage", 200, '{"text"'),
        ("garbage=oops", 200, "oops"),
    ],
)
def test_bodies_that_are_no_json(
    stand: Stand, scenario: str, status: int, start: str
) -> None:
    """Pages of proxies, nothing at all, half a document."""
    answer = stand.post(body(), scenario)
    assert answer.status_code == status
    assert answer.text.startswith(start)
    assert bool(answer.text) is bool(start)
    html = answer.headers["content-type"].startswith("text/html")
    assert html is scenario.startswith("html")


@pytest.mark.parametrize("share", ["0", "0.3", "0.99", "1"])
def test_truncated_bodies(stand: Stand, share: str) -> None:
    """A clean HTTP answer whose JSON ends too early, wherever."""
    whole = stand.post().content
    answer = stand.post(body(), f"truncate={share}")
    assert answer.status_code == 200
    assert abs(len(answer.content) - float(share) * len(whole)) < 99
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    cut = stand.post(body(), f"overloaded, truncate={share}")
    with pytest.raises(json.JSONDecodeError):
        cut.json()


def test_streams(stand: Stand) -> None:
    """SSE with alt=sse, else one JSON list; both say what the unary answer says."""
    scenario = "text=both"
    sse = stand.post(body(), scenario, method="streamGenerateContent?alt=sse")
    assert sse.headers["content-type"] == "text/event-stream"
    lines = [line for line in sse.text.split("\r\n\r\n") if line]
    assert all(line.startswith("data: ") and "\n" not in line for line in lines)
    told = [json.loads(line.removeprefix("data: ")) for line in lines]
    listed = stand.post(body(), scenario, method="streamGenerateContent").json()
    for answers in (told, listed):
        parts = [part for one in answers for part in parts_of(one)]
        assert parts == parts_of(stand.ask(body(), scenario))


def test_stream_errors_are_a_plain_document(stand: Stand) -> None:
    """A refusal before the stream is an ordinary error, in a list on demand."""
    method = "streamGenerateContent?alt=sse"
    assert (
        stand.post(body(), "overloaded", method=method).json()["error"]["code"] == 503
    )
