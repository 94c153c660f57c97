"""Pictures, words and usage are found in every shape an answer takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.job.verdict_answer import Spoken, first, listen, search_prose

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = "iVBORw0KGgo="
URI = f"data:image/png;base64,{DATA}"
PARTS: tuple[object, ...] = (
    {"inlineData": {"mimeType": "image/png", "data": DATA}},
    {"inline_data": {"mime_type": "image/webp", "data": "@picture"}},
    {"inlineData": {"data": DATA}},
    {"type": "image_url", "image_url": {"url": URI}},
    {"type": "image_url", "image_url": URI},
    {"type": "image", "mime_type": "image/jpeg", "data": DATA},
    {"type": "image", "source": None, "url": "@picture"},
)
LINKS: tuple[object, ...] = (
    {"fileData": {"mimeType": "image/png", "fileUri": "https://x/y"}},
    {"file_data": {"mime_type": "image/png", "file_uri": "gs://b/o"}},
    {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
)
NONE: tuple[object, ...] = (
    {"inlineData": {"mimeType": "image/png", "data": " "}},
    {"inlineData": {"mimeType": "audio/wav", "data": DATA}},
    {"inlineData": {"mimeType": "image/png", "data": 7}},
    {"inlineData": None},
    {"thought": True, "inlineData": {"data": DATA}},
    {"text": "words"},
    "a string",
    None,
)


def heard(node: Mapping[str, object]) -> Spoken:
    spoken = Spoken()
    listen(dict(node), spoken)
    return spoken


def around(part: object) -> list[dict[str, object]]:
    return [
        {"candidates": [{"content": {"parts": [part]}}]},
        {"choices": [{"message": {"content": [part]}}]},
        {"choices": [{"delta": {"parts": [part]}}]},
        {"outputs": [part], "data": "x"} if part in PARTS else {"outputs": []},
        {"steps": [{"type": "model_output", "content": [part]}]},
    ]


@pytest.mark.parametrize("part", PARTS, ids=range(len(PARTS)))
def test_a_picture_is_found_in_any_part(part: object) -> None:
    """Google's parts, OpenAI's parts, the Interactions steps: one picture each."""
    for node in around(part):
        if node != {"outputs": []}:
            assert (heard(node).pictures, heard(node).links) == (1, 0)


@pytest.mark.parametrize("part", LINKS, ids=range(len(LINKS)))
def test_an_address_is_a_link_and_no_bytes(part: object) -> None:
    """A picture that must be fetched is counted apart."""
    for node in around(part)[:3]:
        assert (heard(node).pictures, heard(node).links) == (0, 1)


@pytest.mark.parametrize("part", NONE, ids=range(len(NONE)))
def test_thoughts_sounds_and_empty_data_are_no_pictures(part: object) -> None:
    """Only bytes of a picture that is no draft of thinking count."""
    for node in around(part):
        assert (heard(node).pictures, heard(node).links) == (0, 0)


def test_pictures_beside_the_words_are_found() -> None:
    """Relays keep them in images[], OpenAI in data[], Responses in output[]."""
    for images in ([{"image_url": {"url": URI}}], [URI], [DATA], [{"b64_json": DATA}]):
        assert heard({"choices": [{"message": {"images": images}}]}).pictures == 1
    assert heard({"created": 1, "data": [{"b64_json": DATA}]}).pictures == 1
    assert heard({"data": [{"url": "https://x/y"}]}).links == 1
    call = {"type": "image_generation_call", "result": DATA}
    assert heard({"output": [call]}).pictures == 1


def test_lists_of_other_things_are_no_answer() -> None:
    """Not everything that is called data holds pictures."""
    other: list[dict[str, object]]
    other = [{"data": [{"id": 1}]}, {"data": "x"}, {"data": [], "message": "no"}]
    for node in other:
        assert heard(node).envelopes == 0
    empty: list[dict[str, object]]
    empty = [{"data": []}, {"choices": None}, {"data": None, "created": 1}]
    for node in empty:
        assert heard(node).empty


@pytest.mark.parametrize(
    ("text", "pictures", "links"),
    [
        (f"![a]({URI})", 1, 0),
        (f"see {URI} and {URI}", 2, 0),
        ("DATA:IMAGE/PNG;charset=x;base64,\n iVBO", 1, 0),
        ("![a](@picture)", 1, 0),
        ("![a](https://cdn.x/p?id=1)", 0, 1),
        ("https://cdn.x/p.jpeg?x=1", 0, 1),
        ("see https://policies.google.com/terms", 0, 0),
        ("data:image/png;base64,", 0, 0),
        ("data:text/html;base64,AAAA", 0, 0),
    ],
)
def test_pictures_are_found_in_prose(text: str, pictures: int, links: int) -> None:
    """Markdown, bare data addresses and links to picture files."""
    spoken = Spoken()
    search_prose(spoken, text)
    assert (spoken.pictures, spoken.links) == (pictures, links)


def test_google_itself_never_answers_with_a_link() -> None:
    """A model that invents an address in its prose made no picture."""
    spoken = Spoken(native=True)
    search_prose(spoken, "![a](https://cdn.x/p.png)")
    assert spoken.links == 0


def test_usage_is_read_from_every_family() -> None:
    """Google's two spellings, chat completions, images and Responses."""
    details = [{"modality": "IMAGE", "tokenCount": 1120}]
    google = {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}
    spoken = heard({"usageMetadata": {**google, "candidatesTokensDetails": details}})
    assert spoken.usage == {"prompt": 1, "output": 2, "total": 3, "image": 1120}
    chat = {"completion_tokens_details": {"reasoning_tokens": 4, "image_tokens": 5}}
    spoken = heard({"usage": {"completion_tokens": 9, "cost": 0.1, **chat}})
    assert spoken.usage == {"output": 9, "thoughts": 4, "image": 5}
    assert spoken.cost == 0.1
    assert heard({"usage": {"input_tokens": 1, "output_tokens": 2}}).usage == {
        "prompt": 1,
        "output": 2,
    }


@given(st.none() | st.booleans() | st.integers(max_value=0) | st.text() | st.floats())
def test_counts_that_are_none_are_left_out(count: object) -> None:
    """Only whole positive numbers are counted."""
    assert heard({"usage": {"completion_tokens": count}}).usage == {}


def test_the_pieces_of_a_stream_add_up() -> None:
    """The largest count of a stream is its count; words follow one another."""
    spoken = Spoken()
    for words, count in (("a", 3), ("b", 9), ("c", 5)):
        choice = {"delta": {"content": words, "reasoning": "r"}, "text": ""}
        listen({"choices": [choice], "usage": {"completion_tokens": count}}, spoken)
    assert spoken.usage == {"output": 9}
    assert "".join(spoken.prose) == "abc"
    assert spoken.thoughts


def test_first_takes_what_is_there() -> None:
    """Null is absent; zero and empty are not."""
    assert first({"a": None, "b": 0}, "a", "b") == 0
    assert first({}, "a") is None


def test_a_picture_nested_without_end_is_none() -> None:
    """The search for a picture in a part is bounded."""
    node: dict[str, object] = {"b64_json": DATA}
    for _ in range(20):
        node = {"image_url": node}
    assert heard({"data": [node]}).pictures == 0
