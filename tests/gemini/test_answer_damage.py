"""What an answer becomes that is damaged, hostile or no JSON at all."""

from __future__ import annotations

import json

import pytest

from tests.gemini.doubles import answer, b64, inline, read

HTML = b"\n<html><body>\"Bad\" Gateway {'a': 1}</body></html>"


@pytest.mark.parametrize(
    "text",
    [
        HTML,
        b"data: " + answer({"text": "t"}) + b"\n\n",
        b'"just a string"',
        b"null",
        b"upstream said {",
        "Fehler: überlastet".encode(),
        b"\xff\xfe\x00",
    ],
)
@pytest.mark.parametrize("size", [1, 3, None])
def test_what_is_no_document_is_kept_as_text(text: bytes, size: int | None) -> None:
    """Text, pages and event streams stay readable."""
    contents, _ = read(text, size)
    assert contents.body == text.strip().decode("utf-8", "replace") or (
        isinstance(contents.body, str) and text.endswith(b"\n")
    )
    assert contents.failure is None


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1',
        b'{"a":1}}',
        b'{"a":1} {"b":2}',
        b'{"a":1}"b"',
        b'{"a":1]',
        b"[1}",
        b'{"a":"\\u12"}     ',
        b'{"a":"\\x"}',
        b'{"a":"\\u12zz\\"b\\u"}   ',
        b'{"\\u12zz":1}',
        b'{"a":tru}',
        b"{'a':1}",
        b'{"a":' + b"9" * 5000 + b"}",
    ],
)
@pytest.mark.parametrize("size", [1, 4, None])
def test_a_broken_document_is_kept_as_text(text: bytes, size: int | None) -> None:
    """What a JSON parser refuses is shown as it came, and is no exception."""
    contents, _ = read(text, size)
    assert isinstance(contents.body, str)
    assert text.decode().startswith(contents.body[:5])
    assert contents.failure is None


def test_nothing_is_nothing() -> None:
    """An empty body is None, white space too."""
    assert read(b"")[0].body is None
    assert read(b" \r\n", 1)[0].body is None


def test_text_is_kept_to_64_kib_and_no_more_is_asked_for() -> None:
    """The rest of a long page is not read."""
    contents, _ = read(b"a b " * 50_000, 1000)
    assert isinstance(contents.body, str)
    assert len(contents.body) == 65_536
    contents, _ = read(b"{}" + b" x," * 50_000, 1000)
    assert isinstance(contents.body, str)
    assert len(contents.body) == 65_536


@pytest.mark.parametrize("size", [1, 50, None])
def test_no_picture_is_in_a_text(size: int | None) -> None:
    """A cut answer and an event stream show no base64."""
    secret = b64(b"\x07picture" * 60)
    for text in (
        answer(inline(secret), {"text": "after"})[:-3],
        b"data: " + answer(inline(secret)),
        b"{}{" + answer(inline(secret)),
    ):
        contents, _ = read(text, size)
        assert isinstance(contents.body, str)
        assert secret[:40] not in contents.body


@pytest.mark.parametrize("data", ["AAA@", "AAAAA", "AA==AAAA", "=", "AAAA\\", "é"])
@pytest.mark.parametrize("size", [1, 7, None])
def test_a_picture_that_is_not_base64_makes_the_answer_malformed(
    data: str, size: int | None
) -> None:
    """The failure has its name, the rest is read on, the album hears no more."""
    contents, album = read(answer(inline(data), inline(b64(b"whole"))), size)
    assert contents.failure == "malformed"
    assert isinstance(contents.body, dict)
    assert contents.body["responseId"] == "r"
    assert contents.pictures == 0
    assert not album.closed


def test_an_empty_picture_is_none() -> None:
    """Empty data and an empty data URI begin nothing."""
    contents, album = read(answer(inline(""), {"text": "data:image/png;base64,"}))
    assert album.began == 0
    assert contents.pictures == 0
    assert contents.failure is None


def test_two_pictures_in_one_part_are_two_pictures() -> None:
    """A list of data URIs, as relays send it, gives each its own picture."""
    uris = [f"data:image/png;base64,{b64(bytes([n]))}" for n in range(3)]
    contents, album = read(json.dumps({"images": uris}).encode())
    assert album.closed == [(b"\0", False), (b"\1", False), (b"\2", False)]
    assert contents.body == {"images": ["@picture"] * 3}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (rb"\ud83d", "�"),
        (rb"a\udc00b", "a�b"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\ud83d\ud83d\ude00", "�\U0001f600"),
        (rb"\\ud83d", r"\ud83d"),
        (rb"\\\ud83d", "\\�"),
        (b"\xff", "�"),
        (b"line\nbreak\ttab", "line\nbreak\ttab"),
    ],
)
def test_text_that_no_text_can_hold_does_not_cost_the_picture(
    raw: bytes, text: str
) -> None:
    """Half characters become U+FFFD, so that whoever writes the body on can."""
    contents, album = read(b'[{"text":"%b"},{"b64_json":"AAAA"}]' % raw)
    assert contents.body == [{"text": text}, {"b64_json": "@picture"}]
    json.dumps(contents.body, ensure_ascii=False).encode()
    assert album.closed == [(b"\0\0\0", False)]


def test_byte_order_mark_and_white_space_before_the_document() -> None:
    """They are skipped, in pieces of any size."""
    for size in (1, 2, None):
        assert read(b"\xef\xbb\xbf\r\n {}", size)[0].body == {}
