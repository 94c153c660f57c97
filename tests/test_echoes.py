"""The leak hunt, second part: models that echo, and libraries that talk.

The law: what a service says of an order is told without what it quotes of it.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from functions.gemini.client import NativeModel
from functions.gemini.routes import Route
from tests import taps
from tests.canary import KEY, PROMPT, Book
from tests.test_leaks import BYTES, DATA, SAID, SIGNED, edit

if TYPE_CHECKING:
    from tests.world import World


def _candidate(**members: object) -> dict[str, object]:
    return {"candidates": [members]}


ANSWERS: dict[str, tuple[int, object]] = {
    "an error's message": (400, {"error": {"code": 400, "message": f"Bad: {SAID}"}}),
    "a part of the prompt": (400, {"error": {"message": f"near {SAID[6:40]}"}}),
    "an error's status": (400, {"error": {"code": 400, "status": PROMPT}}),
    "a reason": (403, {"error": {"details": [{"reason": PROMPT, "x": SAID}]}}),
    "an error in an error": (
        500,
        {"error": {"message": json.dumps({"error": {"message": SAID}})}},
    ),
    "the key": (401, {"error": {"message": f"Incorrect key provided: {KEY}"}}),
    "our own request": (422, {"detail": [{"msg": "bad", "input": SAID}], "body": SAID}),
    "the picture": (400, {"error": {"message": f"Cannot read {BYTES}"}}),
    "the picture as a data address": (400, {"error": {"message": f"Got {DATA}"}}),
    "a signed address": (400, {"error": {"message": f"Cannot get {SIGNED}"}}),
    "a quota's name": (
        429,
        {"error": {"code": 429, "details": [{"quotaId": PROMPT, "quotaMetric": SAID}]}},
    ),
    "a finish message": (
        200,
        _candidate(finishReason="IMAGE_SAFETY", finishMessage=f"Unable: {SAID}"),
    ),
    "a finish reason": (200, _candidate(finishReason=PROMPT)),
    "a block": (
        200,
        {"promptFeedback": {"blockReason": PROMPT, "blockReasonMessage": SAID}},
    ),
    "a refusal": (
        200,
        _candidate(content={"parts": [{"text": f"I cannot: {SAID}"}]}, finishReason=1),
    ),
    "ids": (
        200,
        _candidate(finishReason="NO_IMAGE")
        | {"modelVersion": SAID, "responseId": SAID},
    ),
    "a page": (502, f"<html><title>{SAID}</title><body>{KEY} {SIGNED}</body></html>"),
    "prose": (200, f"We could not make {SAID}"),
    "prose in an error": (500, f"could not make {SAID}, key {KEY}"),
    "cut json": (200, f'{{"candidates": [{{"finishMessage": "{SAID}'),
}


def _echoing(world: World, status: int, body: object) -> Any:
    """Return a model that answers so, its headers full of secrets."""

    def handle(request: httpx.Request) -> httpx.Response:
        request.read()
        headers = {
            "retry-after": PROMPT,
            "x-goog-echo": f"{PROMPT} {KEY}",
            "set-cookie": KEY,
            "location": SIGNED,
        }
        text = body if isinstance(body, str) else json.dumps(body)
        return httpx.Response(status, content=iter([text.encode()]), headers=headers)

    route = Route(name="native", base_url="http://127.0.0.1:1", key=KEY)
    transport = httpx.MockTransport(handle)
    return NativeModel(route, clock=world.clock, drains=4, transport=transport)


@pytest.mark.parametrize("what", ANSWERS)
def test_a_model_that_echoes_is_not_repeated(
    world: World, book: Book, what: str
) -> None:
    """Its sentence is told without what it quotes; its headers are not told."""
    model = _echoing(world, *ANSWERS[what])
    walk = dataclasses.replace(world.walk(), model=model)
    order = {"id": world.new_id(), "prompt": SAID, "max_attempts": 1}
    word, status = world.deliver(order, walk=walk)
    model.close()
    assert status in {200, 503}
    assert word not in {"done", "poison"}
    assert "judged" in {line["action"] for line in world.said}


def test_what_libraries_log_at_their_loudest_holds_nothing(
    world: World, book: Book
) -> None:
    """With the root logger at DEBUG, a whole edit is logged without a secret."""
    root, ear = logging.getLogger(), taps.Ear(logging.DEBUG)
    before = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        logging.getLogger("tests").debug("the ear is open")
        order = {"id": world.new_id(), **edit(DATA)}
        assert world.deliver(order) == ("done", 200)
    finally:
        root.setLevel(before)
        root.removeHandler(ear)
    assert book.scanned["log of a library"]
