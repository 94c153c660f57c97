"""What a verdict repeats holds no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.job.verdict_say import masked, support_code, word

SECRETS = (
    *(
        "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
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
    assert (
        word("two words")
        == word("AIza" + "SyA1234567890abcdefg")
        == word("x" * 99)
        == ""
    )


def test_support_codes_are_found_where_google_writes_them() -> None:
    """One code or several, in any case; none where there is none."""
    assert support_code("Support code: 11030041.") == "11030041"
    assert support_code("support codes: 58061214, 17301594") == "58061214, 17301594"
    assert support_code("Support: call us") == ""


PROMPT = 'A red "fox"\nreads the news on a café terrace in Lyon, 35 mm'


@pytest.mark.parametrize(
    "echo",
    [
        PROMPT[:30],
        PROMPT[-26:],
        PROMPT.upper(),
        " ".join(PROMPT.split()),
        PROMPT.replace('"', '\\"').replace("\n", "\\n"),
        "the words READS THE NEWS, on a CAFÉ",
    ],
)
def test_a_piece_of_a_withheld_text_is_an_echo(echo: str) -> None:
    """Cut, cased, folded into one line or escaped: four words in a row are enough."""
    said = masked(f"The prompt {echo} was refused. Support code: 11", (PROMPT,))
    assert "[withheld]" in said
    assert "news" not in said.lower()
    assert "terrace" not in said.lower()
    assert said.startswith("The ")
    assert said.endswith(" was refused. Support code: 11")


def test_a_prompt_longer_than_what_is_read_is_withheld_as_well() -> None:
    """The service's text ends inside the echo, so the whole is never found."""
    prompt = " ".join(f"word{number}" for number in range(2_000))
    assert masked(f"Refused: {prompt}", (prompt,)) == "Refused: [withheld]"


def test_a_few_letters_of_a_foreign_script_are_an_echo() -> None:
    """Seven signs say as much as four words."""
    said = masked("提示 一只红色的狐狸在看报纸。", ("画一只红色的狐狸在看报纸和茶",))
    assert said == "提示 [withheld]。"


def test_a_short_text_is_an_echo_as_a_whole() -> None:
    """Where four words are more than there is, all of it counts, in any case."""
    said = masked("I cannot draw GREEN-PEAR here", ("green pear",))
    assert said == "I cannot draw [withheld] here"
    assert masked("I cannot draw green apples", ("green pear",)).endswith("apples")


def test_what_any_two_texts_share_stays() -> None:
    """Three words in common empty no sentence of Google's."""
    said = "Unable to show the generated image."
    assert masked(said, ("show the generated fox",)) == said


def test_pictures_in_base64_are_masked_with_their_slashes() -> None:
    """A slash every few letters does not carry a picture through."""
    said = masked("bytes iVBORw0KGgo/AAAN/SUhEUg1/AAA2/EAIA/Cc3Vv/d5Ag== here")
    assert said == "bytes [withheld] here"
    name = "projects/123456789012/locations/us-central1/publishers/google/models"
    assert masked(name) == name


def test_a_word_that_echoes_is_no_reason() -> None:
    """Enums stay, even where a prompt speaks of them."""
    prompt = "please-paint-a-fox-who-reads-papers-IMAGE_PROHIBITED_CONTENT"
    assert word("paint-a-fox-who-reads-papers", (prompt,)) == ""
    assert word("IMAGE_PROHIBITED_CONTENT", (prompt,)) == "IMAGE_PROHIBITED_CONTENT"
    assert word("no_image", (prompt,)) == "no_image"
