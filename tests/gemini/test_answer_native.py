"""Which picture of a native answer is the one that was paid for."""

from __future__ import annotations

import json

import pytest

from functions.gemini.answer import AnswerReader, Contents
from functions.gemini.policy import native
from tests.gemini.doubles import MemoryAlbum, b64, inline

REAL = b"the real, paid picture" * 30
OTHER = b"a pixel" * 30
Pictures = list[tuple[bytes, bool]]


def uri(data: bytes) -> str:
    return f"data:image/png;base64,{b64(data)}"


def read(tree: object) -> tuple[Contents, Pictures]:
    """Read a document whole, and assert that in any other cut it reads alike."""
    text = json.dumps(tree).encode()
    seen = []
    for size in (len(text), 1, 7, 64, 100):
        album = MemoryAlbum()
        reader = AnswerReader(album, native)
        for at in range(0, len(text), size):
            assert reader.feed(text[at : at + size])
        assert album.open is None
        seen.append((reader.finish(), album.closed))
    assert all(other == seen[0] for other in seen)
    contents, closed = seen[0]
    assert contents.failure is None
    assert contents.pictures == sum(not thought for _, thought in closed)
    return contents, closed


def answer(*parts: object, **beside: object) -> dict[str, object]:
    candidate = {"content": {"parts": parts}, "finishReason": "STOP", **beside}
    return {"candidates": [candidate]}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    "elsewhere",
    [
        {"promptFeedback": inline(b64(OTHER))},
        {"promptFeedback": {"text": uri(OTHER)}},
        {
            "groundingMetadata": {
                "groundingChunks": [{"image": {"imageUri": uri(OTHER)}}]
            }
        },
        {"x": [{"content": {"parts": [inline(b64(OTHER))]}}]},
    ],
)
def test_nothing_outside_the_candidates_is_the_picture(
    elsewhere: dict[str, object], first: bool
) -> None:
    """Sources and feedback, before or behind it, never displace what was paid."""
    real = answer(inline(b64(REAL)))
    contents, closed = read({**elsewhere, **real} if first else {**real, **elsewhere})
    assert closed == [(REAL, False)]
    assert b64(OTHER) not in json.dumps(contents.body)
    contents, closed = read({**answer({"text": "none"}), **elsewhere})
    assert (contents.pictures, closed) == (0, [])


def test_beside_the_content_of_its_candidate_nothing_is_the_picture() -> None:
    """Grounding stands inside the candidate, with pictures of others."""
    shown = {"imageUri": uri(OTHER), "thumbnail": inline(b64(OTHER))}
    _, closed = read(answer(inline(b64(REAL)), groundingMetadata={"chunks": [shown]}))
    assert closed == [(REAL, False)]


def test_of_several_candidates_the_first_is_the_answer() -> None:
    """One order, one picture: the others were not asked for."""
    trees = [answer(inline(b64(data)))["candidates"] for data in (REAL, OTHER)]
    merged = [item for tree in trees if isinstance(tree, list) for item in tree]
    contents, closed = read({"candidates": merged})
    assert closed == [(REAL, False)]
    assert b64(OTHER) not in json.dumps(contents.body)


def test_an_answer_in_pieces_has_its_picture_in_any_of_them() -> None:
    """A list of pieces is one answer."""
    pieces = [answer({"text": "a"}), answer(inline(b64(REAL))), answer({"text": "b"})]
    assert read(pieces)[1] == [(REAL, False)]


def test_a_picture_in_a_text_is_taken_where_there_is_no_other() -> None:
    """A proxy's way is better than a paid picture lost."""
    contents, closed = read(answer({"text": uri(OTHER)}, {"text": uri(REAL)}))
    assert closed == [(OTHER, False), (REAL, False)]
    assert "@picture" in json.dumps(contents.body)
    assert read(answer({"text": uri(REAL), "thought": True}))[1] == [(REAL, True)]


@pytest.mark.parametrize("again", [1, 3])
def test_a_picture_in_its_own_place_beats_any_in_a_text(again: int) -> None:
    """Behind it a text is never begun; before it, it is no more than a draft."""
    spare = [{"text": uri(OTHER)}] * again
    own = inline(b64(REAL))
    contents, closed = read(answer(own, *spare))
    assert closed == [(REAL, False)]
    assert "@cut" in json.dumps(contents.body)
    _, closed = read(answer(*spare, own))
    assert closed == [(OTHER, False)] * again + [(REAL, False)]
    _, closed = read(answer({**own, "text": uri(OTHER)}))
    assert closed == [(REAL, False)]
    _, closed = read(answer({"text": uri(OTHER), **own}, *spare))
    assert closed[-1] == (REAL, False)


def test_a_thought_is_not_the_picture_that_a_text_yields_to() -> None:
    """Only what would be the result keeps a spare one out."""
    thought = inline(b64(OTHER), thought=True)
    _, closed = read(answer(thought, {"text": uri(REAL)}))
    assert closed == [(OTHER, True), (REAL, False)]
    _, closed = read(answer({**thought, "text": uri(REAL)}, {"text": "x"}))
    assert closed == [(OTHER, True)]
