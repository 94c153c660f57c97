"""The leak hunt: everything broken on purpose, with secrets in it, and then read.

The law behind all: whoever sends what, and whoever raises what, no log line, event,
object, name or answer repeats a prompt, a key, a signed address or a picture.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from functions.receive import receive
from tests.canary import KEY, PROMPT, QUERY, Book, marked_picture
from tests.walk.test_canary import PIXEL

if TYPE_CHECKING:
    from tests.world import World

SIGNED = f"https://pictures.example/a.png?X-Goog-Signature={QUERY}"
BYTES = base64.b64encode(marked_picture(base64.b64decode(PIXEL))).decode()
DATA = f"data:image/png;base64,{BYTES}"
SAID = f"a fox {PROMPT} on a bicycle"


def edit(*uris: object) -> dict[str, Any]:
    return {"kind": "edit", "prompt": SAID, "images": [{"uri": uri} for uri in uris]}


ORDERS: dict[str, Any] = {
    "a prompt that is a list": {"prompt": [SAID]},
    "a prompt that is an object": {"prompt": {"text": SAID}},
    "a huge prompt": {"prompt": SAID * 1_000},
    "a prompt in an unknown field": {"prompt": "p", "style": SAID},
    "a prompt as a field's name": {"prompt": "p", SAID: 1},
    "a mark as a field's name": {"prompt": "p", PROMPT: 1},
    "a prompt inside a known field": {"prompt": "p", "mask": {"uri": "x", SAID: 1}},
    "a prompt as a closed word": {"prompt": "p", "thinking": SAID, "lane": SAID},
    "a prompt as kind": {"prompt": "p", "kind": SAID},
    "a prompt as a number": {"prompt": "p", "seed": SAID},
    "a prompt as a ratio": {"prompt": "p", "aspect_ratio": SAID * 9},
    "a prompt as a time": {"prompt": "p", "deadline": SAID},
    "a prompt as a category": {"prompt": "p", "safety": {SAID: "OFF"}},
    "a prompt as a threshold": {
        "prompt": "p",
        "safety": {"HARM_CATEGORY_HARASSMENT": SAID},
    },
    "a prompt as a label's long name": {"prompt": "p", "labels": {SAID * 9: "x"}},
    "a prompt as a label's wrong value": {"prompt": "p", "labels": {"x": [SAID]}},
    "a prompt as a bucket": {"prompt": "p", "destination": {"bucket": SAID}},
    "a prompt as a wrong name": {
        "prompt": "p",
        "destination": {"bucket": "images", "name": f"{SAID}/"},
    },
    "a prompt as a list of searches": {"prompt": "p", "search": [SAID]},
    "a key as callback": {"prompt": "p", "callback": f"https://h/?key={KEY}\n"},
    "a signed callback": {"prompt": SAID, "callback": SIGNED},
    "a signed mask": {**edit("gs://b/o"), "mask": {"uri": SIGNED}},
    "a picture that is no list": {"prompt": SAID, "images": DATA},
    "pictures for a generation": {**edit(DATA, SIGNED), "kind": "generate"},
    "a signed address in a wrong field": {"prompt": SAID, "images": [{"url": SIGNED}]},
    "an edit without an address": edit(7, [DATA], None),
    "a string": SAID,
    "a list": [SAID, DATA],
}
BROKEN: dict[str, bytes] = {
    "cut": json.dumps({"prompt": SAID})[:-5].encode(),
    "unquoted": f"{{prompt: {SAID}}}".encode(),
    "plain text": SAID.encode(),
    "another charset": SAID.encode("utf-16"),
    "bad bytes": SAID.encode() + b"\xff\xfe",
    "a key twice": f'{{"prompt": "{SAID}", "prompt": "{SAID}"}}'.encode(),
    "deep": b"[" * 99 + SAID.encode(),
    "not a number": f'{{"prompt": "{SAID}", "seed": NaN}}'.encode(),
    "huge": b'"' + SAID.encode() * 40_000 + b'"',
}


@pytest.mark.parametrize("what", [*ORDERS, *BROKEN])
def test_an_order_that_cannot_be_read_is_not_repeated(
    world: World, book: Book, what: str
) -> None:
    """The complaint names fields, types and lengths; poison keeps shape and hash."""
    body = BROKEN.get(what) or json.dumps(ORDERS[what]).encode()
    for _ in range(2):
        word, status = world.deliver(body, message_id=world.new_id())
        assert (word in {"poison", "refused"}, status) == (True, 200)
    assert book.scanned["event"] == 2


ENVELOPES: dict[str, tuple[dict[str, str], bytes]] = {
    what: (headers, body if isinstance(body, bytes) else json.dumps(body).encode())
    for what, headers, body in (
        ("no json", {}, SAID.encode()),
        ("bare order", {}, {"prompt": SAID}),
        ("not base64", {}, {"message": {"messageId": "1", "data": f"%{SAID}"}}),
        (
            "attributes of the wrong type",
            {},
            {"message": {"messageId": "2", "attributes": {"x": [SAID], SAID: 1}}},
        ),
        (
            "attributes without data",
            {},
            {"message": {"messageId": "3", "attributes": {"prompt": SAID, SAID: KEY}}},
        ),
        ("a strange type", {"Content-Type": f"{SAID}; key={KEY}"}, {"prompt": SAID}),
        ("a batch", {"Content-Type": "application/cloudevents-batch+json"}, [SAID]),
        (
            "headers with secrets",
            {"Authorization": f"Bearer {KEY}", "traceparent": SAID, "Cookie": SIGNED},
            {"message": {"messageId": "4", "data": ""}},
        ),
        (
            "a signed source",
            {"ce-id": "5", "ce-type": SAID, "ce-source": SIGNED, "ce-specversion": "9"},
            {"prompt": SAID},
        ),
    )
}


@pytest.mark.parametrize("what", ENVELOPES)
def test_a_push_that_cannot_be_read_is_not_repeated(
    world: World, book: Book, what: str
) -> None:
    """Not its body, its attributes' values, nor a header."""
    assert receive(world.walk(), *ENVELOPES[what]) == ("poison", 200)
    assert book.scanned["log line"]


REFERENCES = {
    "a host that is not listed": SIGNED,
    "a host that is away": f"http://127.0.0.1:1/a.png?sig={QUERY}",
    "a user in the address": f"https://{KEY}@pictures.example/a.png",
    "a strange scheme": f"ftp://pictures.example/a.png?sig={QUERY}",
    "broken base64": f"{DATA}%%",
    "no picture": f"data:image/png;base64,{base64.b64encode(SAID.encode()).decode()}",
    "no base64": f"data:text/plain,{PROMPT}",
    "a bucket that is not listed": f"gs://b/{QUERY}",
    "no bucket": f"gs://{QUERY}?x",
}


@pytest.mark.parametrize("what", REFERENCES)
def test_a_reference_that_cannot_be_opened_is_not_repeated(
    world: World, book: Book, what: str
) -> None:
    """Neither where it should be, nor what it should hold."""
    if KEY in REFERENCES[what]:  # in request.json it would stand by design
        with pytest.raises(Exception, match="must be https") as refused:
            world.walk("edit").references.open(REFERENCES[what])
        book.scan("log line", "refused", str(refused.value))
        return
    hosts = {"PLANTAIN_REFERENCE_HOSTS": "http://127.0.0.1:1"}
    walk = world.walk("edit", **hosts)
    order = {"id": world.new_id(), **edit(REFERENCES[what])}
    word, status = world.deliver(order, walk=walk)
    assert (word, status) in {("refused", 200), ("again", 503)}


def test_what_comes_back_of_an_order_is_a_closed_list(world: World, book: Book) -> None:
    """Id, tenant, labels, destination, model and sizes are the caller's, told as sent.

    They are how an event finds its order, so no secret belongs in them; nothing else
    of what a caller writes is told.
    """
    job, images = world.new_id(), world.settings().images_bucket
    own = {"tenant": "their-shop", "labels": {"their-key": "their-word"}}
    place = {"bucket": images, "prefix": "their-folder", "name": f"{job}.png"}
    sized = {"model": "nano-banana-pro", "aspect_ratio": "16:9", "image_size": "2K"}
    order = edit(DATA) | own | sized | {"id": job, "destination": place, "seed": 4711}
    assert world.deliver(order) == ("done", 200)
    data = world.event(job).data
    assert {name: data[name] for name in own} == own
    assert data["asked"] == sized | {"images": 1}
    assert data["destination"].startswith(f"gs://{images}/their-folder/{job}.png")
    assert "4711" not in str(data).replace(job, "")


class _Raises:
    """A neighbour whose every use ends in an error that quotes everything."""

    route = "native"

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *args: object, **more: object) -> Any:
        raise ValueError(f"{SAID} {KEY} {args} {more}") from KeyError(SIGNED, DATA)


NEIGHBOURS = (
    *("objects", "events", "albums", "copies", "references", "model", "catalog"),
    *("keeping", "at", "chance", "address"),
)


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_neighbour_that_raises_is_not_quoted(
    world: World, book: Book, name: str
) -> None:
    """A bug anywhere in the walk is told by its type and its place."""
    broken: dict[str, Any] = {name: _Raises()}
    walk = dataclasses.replace(world.walk("edit"), **broken)
    bucket = world.settings().images_bucket
    job = world.new_id()
    place = {"bucket": bucket, "prefix": "x", "name": f"{job}.png"}
    order = edit(DATA) | {"id": job, "destination": place}
    assert world.deliver(order, walk=walk) == ("again", 503)
    assert "crashed" in {line["action"] for line in world.said}
