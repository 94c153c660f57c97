"""Documents are found in any text, and no text raises."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.job.verdict_text import Reading, read, read_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=15,
)
OBJECTS = st.dictionaries(st.text(min_size=1), JSON, min_size=1, max_size=4)


@given(OBJECTS, st.sampled_from(["", " ", "\ufeff", "\n\t"]))
def test_a_document_is_read_as_itself(value: object, space: str) -> None:
    """Bytes, text and text inside a string all hold the same document."""
    text = json.dumps(value)
    for body in (space + text + space, text.encode(), bytearray(text, "utf-8")):
        assert read(body) == Reading((value,))
    assert read(json.dumps(json.dumps(text))) == Reading((value,))
    assert read(value) == Reading((value,))


@given(OBJECTS)
def test_a_document_is_found_in_prose(value: object) -> None:
    """In JSON's spelling and in Python's, whatever quotes and escapes it holds."""
    for shown in (json.dumps(value), repr(value)):
        assert read_text(f"Error 503: {shown} (end)").documents == (value,)


@given(st.lists(OBJECTS, min_size=1, max_size=4))
def test_an_event_stream_is_its_documents(values: list[object]) -> None:
    """Comments, event names and any line ends are left out."""
    for end in ("\n\n", "\r\n\r\n"):
        events = [f"event: message\ndata: {json.dumps(x)}" for x in values]
        found = read_text(": keep-alive" + end + end.join([*events, "data: [DONE]"]))
        assert found.documents == tuple(values)
        assert (found.stream, found.done, found.cut) == (True, True, False)


def test_events_may_lack_the_empty_line_between_them() -> None:
    """Some relays put one event on each line."""
    assert read_text('data: {"a": 1}\ndata: {"b": 2}').documents == ({"a": 1}, {"b": 2})


def test_a_document_after_comments_is_no_stream() -> None:
    """Keep-alive comments before a plain answer leave a plain answer."""
    found = read_text(': PROCESSING\n\n{"id": 1}')
    assert (found.documents, found.stream) == (({"id": 1},), False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"error": {"code": 429, "message": "wai', {"code": 429, "message": "wai"}),
        ('{"error": {"code": 429, "mess', {"code": 429}),
        ('{"error": {"code": 429, "message": "a\\', {"code": 429, "message": "a"}),
        ('{"error": {"code": 429, "other": 4', {"code": 429}),
        ("failed: {'error': {'code': 429, 'x': ['a'", {"code": 429, "x": []}),
    ],
)
def test_a_cut_document_is_read_as_far_as_it_goes(text: str, value: object) -> None:
    """Whole members count, and a string's beginning; half a number never does."""
    found = read_text(text)
    assert found.cut
    assert found.documents == ({"error": value},)


def test_the_last_event_of_a_stream_may_be_cut() -> None:
    """What came before it was whole."""
    found = read_text('data: {"a": 1}\n\ndata: {"b": {"c": 2, "d')
    assert found.documents == ({"a": 1}, {"b": {"c": 2}})
    assert found.cut


def test_a_page_speaks_through_its_headlines() -> None:
    """Title, headings and code, also where words stand before the page."""
    page = "<!DOCTYPE html><html><title>504: Gateway time-out</title><h1>Oh</h1>"
    assert read_text(page) == Reading(text="504: Gateway time-out Oh", page=True)
    assert read_text("bad: " + page).text.startswith("bad: 504")
    assert read_text("<html><p>plain</p>") == Reading(text="  plain ", page=True)


def test_pythons_words_and_reprs_become_json() -> None:
    """True, None, escapes and enum members as clients print them."""
    shown = r"x {'a': None, 'b': [True, False], 'c': 'it\'s \x41 \q', 'd': <F.S: 'S'>}"
    document = read_text(shown).documents[0]
    assert document == {"a": None, "b": [True, False], "c": "it's A \\q", "d": "S"}
    assert read_text("x {'n': <F.S: 3>}").documents == ({"n": "3"},)


def test_strings_are_opened_only_so_often() -> None:
    """A text wrapped again and again ends as text."""
    text = '{"a": 1}'
    for _ in range(5):
        text = json.dumps(text)
    found = read_text(text)
    assert not found.documents
    assert found.text


def test_nothing_is_nothing() -> None:
    """No body and an empty body hold nothing; prose holds itself."""
    assert read(None) == read("") == read(b" \n") == Reading()
    assert read_text("[429 Too Many] {x}") == Reading(text="[429 Too Many] {x}")


@pytest.mark.parametrize("text", ["{", "[", '{"', "{'a", '{"a": }', '{"a"]'])
def test_a_document_that_only_began_is_cut(text: str) -> None:
    """One opening bracket is no prose."""
    assert read_text(text).cut


def test_brackets_without_end_are_given_up() -> None:
    """Depth and repetition are bounded."""
    for text in ("[" * 100_000, '{"a":' * 100_000, 'x {"a" ' * 50_000, "[[" + "]" * 9):
        read_text(text)


def test_what_python_cannot_spell_is_null() -> None:
    """An object's repr or a censor's mark in a member costs only that member."""
    for shown in ("<NUM>", "<object at 0x7f>", "<Response [429]>"):
        assert read_text('x {"a": ' + shown + ', "b": 1}').documents == (
            {"a": None, "b": 1},
        )
