"""What a verdict repeats holds no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.job.verdict_say import masked, support_code, word

SECRETS = (
    *(
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "ya29.a0AfH6SMBx-12345",
        "AQ.Ab8RN6abcdef1",
    ),
    *("Bearer abc.def.ghi", "sk-proj-abcdefgh12345678", "eyJhbGciOi.J9eyJzdWI.abc"),
    *("data:image/png;base64,iVBORw0KGgo=", "api_key=abcdef1234567890"),
    "x9" * 30,
)


@pytest.mark.parametrize("secret", SECRETS)
def test_everything_shaped_like_a_key_is_masked(secret: str) -> None:
    """Keys, tokens, pictures and long random strings never pass."""
    said = masked(f"before {secret} after")
    assert secret not in said
    assert said.startswith("before ")
    assert said.endswith(" after")


def test_signed_addresses_lose_their_query() -> None:
    """The place stays readable, the signature goes."""
    said = masked("see https://storage.example/a/b.png?X-Goog-Signature=ab12&x=1 now")
    assert said == "see https://storage.example/a/b.png[withheld] now"


def test_names_of_google_stay_readable() -> None:
    """Quota metrics and model paths are no secrets, however long."""
    name = (
        "generativelanguage.googleapis.com/generate_content_free_tier_input_token_count"
    )
    assert masked(name) == name


def test_letters_are_not_secrets() -> None:
    """A text too short to be a prompt does not empty the sentence."""
    assert masked("a b c", ("", "a", "b")) == "a b c"


@given(st.text(), st.text(min_size=4).filter(lambda x: x.strip() == x))
def test_withheld_text_never_passes(around: str, secret: str) -> None:
    """Whatever the caller names is gone from the result."""
    if secret not in "[withheld]":
        said = masked(around + secret + around, (secret,))
        assert secret not in said.replace("[withheld]", "")


def test_a_reason_is_a_word_or_nothing() -> None:
    """Prose and keys are no reasons."""
    assert word("IMAGE_OTHER") == "IMAGE_OTHER"
    assert word("two words") == word("AIzaSyA1234567890abcdefg") == word("x" * 99) == ""


def test_support_codes_are_found_where_google_writes_them() -> None:
    """One code or several, in any case; none where there is none."""
    assert support_code("Support code: 11030041.") == "11030041"
    assert support_code("support codes: 58061214, 17301594") == "58061214, 17301594"
    assert support_code("Support: call us") == ""
