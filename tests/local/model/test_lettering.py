from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.local.model import lettering


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="abc wxyz\n", max_size=120), st.integers(60, 400))
def test_no_line_is_wider_than_asked(text: str, width: int) -> None:
    """Wrapping keeps every word and stays inside, cutting endless words."""
    lines = lettering.wrap(text, 20, width)
    face = lettering.font(20)
    assert all(face.getlength(line) <= width + 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_text_is_as_large_as_it_fits() -> None:
    """Few words are large, many are small, too many end in an ellipsis."""
    box = (400, 120)
    few = lettering.fit("two words", box, 60, 12)
    many = lettering.fit("many words " * 12, box, 60, 12)
    endless = lettering.fit("endless words " * 200, box, 60, 12)
    assert few.size == 60
    assert 12 <= many.size < 60
    assert endless.lines[-1].endswith("...")
    assert max(few.height, many.height, endless.height) <= 120 + 60


@pytest.mark.parametrize("missing", [True, False])
def test_letters_without_a_font_lose_their_accents(
    missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no font of the machine helps, text stays readable."""
    if missing:
        monkeypatch.setattr(lettering, "_system", lambda _size: None)
        assert lettering.drawable("caf\u00e9 \u6f22") == "cafe ?"
    assert lettering.drawable("plain") == "plain"
    assert lettering.font(12, "caf\u00e9").getlength("x") > 0
