from __future__ import annotations

import base64
import json
import zlib

from hypothesis import given
from hypothesis import strategies as st

from functions.local.model.blob import Blob, Style, Text


@given(
    data=st.binary(max_size=300),
    urlsafe=st.booleans(),
    padded=st.booleans(),
    slashes=st.booleans(),
    lines=st.booleans(),
)
def test_every_style_reads_back(
    data: bytes, urlsafe: bool, padded: bool, slashes: bool, lines: bool
) -> None:
    """Whatever the style, JSON plus a lenient base64 reader give the bytes back."""
    style = Style(urlsafe=urlsafe, padded=padded, slashes=slashes, lines=lines)
    text = json.loads(b'"' + Blob(data).text(style).plain + b'"')
    plain = "".join(text.split())
    assert padded or "=" not in plain
    assert not urlsafe or not set(plain) & set("+/")
    decode = base64.urlsafe_b64decode if urlsafe else base64.b64decode
    assert decode(plain + "=" * (-len(plain) % 4)) == data


def test_a_broken_style_has_a_foreign_character() -> None:
    """`bad_base64` cannot be decoded by anyone who looks."""
    assert b"!" in Blob(b"picture" * 9).text(Style(broken=True)).plain


def test_deflated_pieces_stand_alone() -> None:
    """Pieces compressed at different times join into one stream."""
    one, two = Text(b"hello " * 99), Text(b"world " * 99)
    two.deflated()  # in another order than they are sent
    stream = one.deflated() + two.deflated() + b"\x03\x00"
    assert zlib.decompress(stream, -zlib.MAX_WBITS) == one.plain + two.plain


def test_long_forms_are_made_once() -> None:
    """Thirty-two answers share one base64 and one deflated form."""
    blob = Blob(b"x" * 999)
    assert blob.text(Style()) is blob.text(Style())
    assert blob.text(Style()).deflated() is blob.text(Style()).deflated()
