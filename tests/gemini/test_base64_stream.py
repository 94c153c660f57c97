"""Laws of base64 in motion."""

from __future__ import annotations

import base64
import binascii
import importlib.util
import itertools
import json
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.gemini import base64_stream
from functions.gemini.base64_stream import (
    Decoder,
    NotBase64Error,
    decode,
    encode,
    encoded,
    encoded_size,
    stdlib_decode,
    stdlib_encode,
)
from functions.job.ports import Buffer

QUADS = pytest.mark.parametrize("quads", [decode, stdlib_decode])
Quads = Callable[[Buffer], bytes]


def decoded(pieces: list[bytes], quads: Quads = decode) -> bytes:
    decoder = Decoder(quads)
    out = b"".join(decoder.feed(memoryview(piece)) for piece in pieces)
    return out + decoder.finish()


def cut(text: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(edges)]


@QUADS
@given(
    data=st.binary(max_size=90),
    places=st.lists(st.integers(0, 200), max_size=5),
    url_safe=st.booleans(),
    padded=st.booleans(),
    every=st.integers(0, 9),
    space=st.sampled_from([b"\n", b" ", b"\r\n", b"\t"]),
)
def test_every_spelling_decodes(  # noqa: PLR0917  # drawn by name
    quads: Quads,
    data: bytes,
    places: list[int],
    url_safe: bool,
    padded: bool,
    every: int,
    space: bytes,
) -> None:
    """Both alphabets, padded or not, spaced or not, split anywhere, decode alike."""
    text = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(data)
    text = text if padded else text.rstrip(b"=")
    if every:
        text = space.join(text[i : i + every] for i in range(0, len(text), every))
    assert decoded(cut(text, places), quads) == data


@QUADS
@given(
    text=st.text("AQg+/-_=é\n ", max_size=14).map(str.encode),
    places=st.lists(st.integers(0, 20), max_size=4),
)
def test_splits_never_change_the_judgement(
    quads: Quads, text: bytes, places: list[int]
) -> None:
    """Whether a text is base64, and of what, does not depend on its pieces."""
    pieces = cut(text, places)
    try:
        whole = oracle(text)
    except ValueError:
        with pytest.raises(NotBase64Error):
            decoded(pieces, quads)
    else:
        assert decoded(pieces, quads) == whole


def oracle(text: bytes) -> bytes:
    """Decode with the standard library, from the text as a whole."""
    clean = text.translate(bytes.maketrans(b"-_", b"+/"), b" \n")
    bare = clean.rstrip(b"=")
    if b"=" in bare or len(bare) % 4 == 1 or len(clean) - len(bare) > -len(bare) % 4:
        raise ValueError
    if not clean.isascii():
        raise ValueError
    return base64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)


@QUADS
@pytest.mark.parametrize(
    ("text", "data"),
    [
        (rb"\u0041\u0042\u0043\u0044", b"\x00\x10\x83"),
        (rb"\/\/\/\/", b"\xff\xff\xff"),
        (rb"AAA\nA\r\n\t", b"\0\0\0"),
        (rb"\u002B\u002b\u002F\u002f", b"\xfb\xef\xff"),
        (rb"AA\u003d\u003D", b"\0"),
    ],
)
def test_json_escapes_are_read_as_json_reads_them(
    quads: Quads, text: bytes, data: bytes
) -> None:
    """An escape stands for its character, between any two pieces."""
    escapes = 6 if b"u" in text else 2
    pieces = [text[i : i + escapes] for i in range(0, len(text), escapes)]
    if b"AA" not in text:
        assert decoded(pieces, quads) == data
    assert decoded([text], quads) == data


@QUADS
@pytest.mark.parametrize(
    "text",
    [
        rb"AAA\\",
        rb"AA\u00e9A",
        rb"AA\ud800",
        rb"AA\x41",
        b"A",
        b"AAAAA",
        b"=",
        b"A===",
        b"AAAA====",
        b"AA==AAAA",
        b"AAA=A",
        b"AA@A",
        b"\xff\xfe",
        b"AAAA" * 9 + b"=AAA",
    ],
)
def test_what_is_not_base64_is_refused(quads: Quads, text: bytes) -> None:
    """A wrong character, length or padding is one typed error."""
    with pytest.raises(NotBase64Error):
        decoded([text], quads)


@given(st.binary(max_size=50))
def test_json_escapes_of_any_kind(data: bytes) -> None:
    """What JSON calls the same string decodes to the same bytes."""
    text = base64.b64encode(data).decode()
    escaped = "".join(f"\\u{ord(c):04x}" if i % 3 else c for i, c in enumerate(text))
    assert json.loads(f'"{escaped}"') == text
    assert decoded([escaped.encode()]) == data


@given(st.lists(st.binary(max_size=20), max_size=8))
def test_encoding_in_chunks_is_encoding(chunks: list[bytes]) -> None:
    """Chunks of any size become the base64 of the whole, of the length foretold."""
    whole = b"".join(chunks)
    text = b"".join(encoded(chunks))
    assert text == base64.b64encode(whole)
    assert len(text) == encoded_size(len(whole))


def test_works_without_the_fast_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pybase64 is missing, binascii stands in under the same names."""
    monkeypatch.setitem(sys.modules, "pybase64", None)
    spec = importlib.util.spec_from_file_location("bare", base64_stream.__file__)
    assert spec is not None
    assert spec.loader is not None
    bare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bare)
    assert bare.decode is bare.stdlib_decode
    assert bare.encode is bare.stdlib_encode
    text = memoryview(bare.encode(b"\xfb\xff\xfe"))
    assert bare.Decoder().feed(text) == b"\xfb\xff\xfe"
    assert decode is not stdlib_decode


@given(st.binary(max_size=40))
def test_both_libraries_encode_alike(data: bytes) -> None:
    """The fallback writes what the fast library writes."""
    assert encode(data) == stdlib_encode(data)


def test_padding_alone_is_refused_by_the_fallback() -> None:
    """A whole quad of padding, which binascii lets pass, is refused."""
    with pytest.raises(binascii.Error):
        stdlib_decode(b"AAAA====")


def test_data_after_padding_is_refused_wherever_the_pieces_end() -> None:
    """Padding that was carried over ends the text like any other."""
    for pieces in ([b"A", b"A", b"=", b"=AAAA"], [b"AA==", b"A"], [b"AA==", b"AAAA"]):
        with pytest.raises(NotBase64Error):
            decoded(pieces)
    assert decoded([b"A", b"A", b"=", b"=\n", b" "]) == b"\0"
