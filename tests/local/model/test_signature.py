from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.local.model import signature


@given(said=st.binary(max_size=64), size=st.integers(36, 5000))
def test_a_signature_is_genuine_only_to_the_byte(said: bytes, size: int) -> None:
    """An echo verifies; one changed byte, a cut or other words do not."""
    mark = signature.make(said, size)
    assert len(mark) == size
    assert signature.genuine(mark, said)
    assert not signature.genuine(mark, said + b"x")
    changed = bytearray(mark)
    changed[-1] ^= 1
    assert not signature.genuine(bytes(changed), said)
    if size > 36:
        assert signature.genuine(mark[:-1], said) is (
            mark[:-1] == signature.make(said, size - 1)
        )


def test_foreign_bytes_are_not_genuine() -> None:
    """What the stand-in never gave is refused."""
    assert not signature.genuine(b"", b"x")
    assert not signature.genuine(b"\0" * 4096, b"x")


def test_a_long_signature_does_not_compress_away() -> None:
    """Signatures weigh on the wire as real ones do, also beyond one block."""
    import zlib  # noqa: PLC0415 - only here

    mark = signature.make(b"x", 3 * 1024 * 1024)
    assert len(zlib.compress(mark, 1)) > 0.99 * len(mark)
