"""A poison record says what is wrong with a message and nothing it said."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.job.errors import PoisonError
from functions.job.poison import Poison, to_record

_CANARY = "Alice Example 4711"


def _record(content: bytes, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "message_id": "77",
        "error": PoisonError("wrong_type", "seed must be a whole number", field="seed"),
        "content": content,
        "attributes": {},
        "subscription": "projects/p/subscriptions/s",
        "attempt": 3,
        "received_at": 1_763_660_000.5,
    }
    found: dict[str, Any] = json.loads(to_record(Poison(**fields | changes)))
    return found


def test_a_record_finds_the_publisher_and_the_fault() -> None:
    """Reason, field, text, subscription, attempt, time, length and hash are there."""
    content = b'{"prompt": "x", "seed": "y"}'
    assert _record(content, attributes={"tenant": "t", "ce-type": "u"}) == {
        "schema": 1,
        "message_id": "77",
        "reason": "wrong_type",
        "field": "seed",
        "message": "seed must be a whole number",
        "content": {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "looks_like": "text",
            "shape": {"prompt": "a string of 1", "seed": "a string of 1"},
        },
        "attributes": ["ce-type", "tenant"],
        "subscription": "projects/p/subscriptions/s",
        "attempt": 3,
        "received": "2025-11-20T17:33:20.500000+00:00",
    }


@pytest.mark.parametrize(
    ("content", "looks_like", "shape"),
    [
        (b"", "nothing", None),
        (b"\x1f\x8b\x08\x00", "gzip", None),
        (b"\xff\xfe{", "binary", None),
        (b"not json", "text", None),
        (b"[1, 2]", "text", "a list"),
        (b'{"images": [1, 2], "seed": null}', "text", None),
        (b"a" * 4095 + "é".encode(), "text", None),
        (b" " * (1024 * 1024) + b"{}", "text", None),
    ],
)
def test_the_shape_of_the_content_is_kept(
    content: bytes, looks_like: str, shape: object
) -> None:
    """Whoever mends the publisher sees what it sent: text, gzip, a list, keys."""
    if b"images" in content:
        shape = {"images": "a list of 2", "seed": "null"}
    found = _record(content)["content"]
    assert (found["looks_like"], found["shape"]) == (looks_like, shape)


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"prompt": _CANARY}).encode(),
        json.dumps({_CANARY: 1}).encode(),
        json.dumps([_CANARY]).encode(),
        json.dumps(_CANARY).encode(),
        _CANARY.encode(),
    ],
)
def test_no_value_reaches_the_record(content: bytes) -> None:
    """A broken order holds a prompt as easily as a good one: none is kept."""
    text = json.dumps(_record(content, attributes={_CANARY: _CANARY, "a": _CANARY}))
    assert "Alice" not in text
    assert "4711" not in text


def test_a_thousand_keys_stay_a_short_record() -> None:
    """The record is for a person: it is bounded whatever the content."""
    content = json.dumps({chr(97 + i % 26) * (i // 26 + 1): i for i in range(500)})
    assert len(_record(content.encode())["content"]["shape"]) <= 64


@given(st.binary(max_size=200), st.dictionaries(st.text(), st.text()))
def test_any_content_makes_a_record(content: bytes, attributes: dict[str, str]) -> None:
    """Recording poison cannot itself fail."""
    assert _record(content, attributes=attributes)["content"]["bytes"] == len(content)
