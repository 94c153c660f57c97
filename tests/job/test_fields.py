"""Fields take what they say, to the last good value, and coerce nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from functions.job import fields, names
from functions.job.fields import Destination, ImageRef, Mask

_DEADLINE: TypeAdapter[datetime] = TypeAdapter(fields.Deadline)
_ALLOWED: TypeAdapter[tuple[str, ...]] = TypeAdapter(fields.Allowed)
_TEXT: TypeAdapter[str] = TypeAdapter(fields.Text)
_SHORT: TypeAdapter[str] = TypeAdapter(fields.Short)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-20T18:00:00Z", (18, 0)),
        ("2026-11-20t18:00:00z", (18, 0)),
        ("2026-11-20 18:00:00+00:00", (18, 0)),
        ("2026-11-20T18:00:00.123456+05:30", (12, 30)),
    ],
)
def test_a_deadline_is_one_instant(text: str, utc: tuple[int, int]) -> None:
    """RFC 3339 in all its spellings is read, whatever the offset."""
    when = _DEADLINE.validate_python(text).astimezone(UTC)
    assert (when.hour, when.minute) == utc


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-20",
        "2026-11-20T18:00:00",
        "2026-11-31T18:00:00Z",
        "2026-11-20T18:00:60Z",
        "2026-11-20T18:00Z",
        "0001-01-01T00:00:00+14:00",
        "1763660000",
        "tomorrow",
        "",
        1763660001,
        datetime(2026, 11, 20),  # noqa: DTZ001 - naive on purpose
    ],
)
def test_what_is_no_instant_is_no_deadline(value: object) -> None:
    """Naive times, dates, numbers and impossible days are refused, not guessed."""
    with pytest.raises(ValidationError):
        TypeAdapter(fields.Deadline).validate_python(value, strict=True)


@given(st.lists(st.sampled_from(["normalise", "drop_extras"]), max_size=5))
def test_a_set_of_words_has_one_spelling(words: list[str]) -> None:
    """Order and repetition mean nothing, so they do not make another request."""
    assert _ALLOWED.validate_python(tuple(words)) == tuple(sorted(set(words)))


@given(st.text(max_size=300))
def test_names_are_printable_and_short(text: str) -> None:
    """What is shown to people and put in logs holds no control character."""
    good = text.isprintable() and text.strip() != "" and len(text) <= 256
    try:
        assert _SHORT.validate_python(text) == text
    except ValidationError:
        assert not good
    else:
        assert good


def test_a_prompt_arrives_letter_by_letter() -> None:
    """Decomposed accents, controls and 32,000 characters pass unchanged."""
    for text in ("e\u0301 \u202e \x1b[0m\n", "x" * 32_000, " a "):
        assert _TEXT.validate_python(text) == text
    for text in ("", " \n\u2003", "x" * 32_001):
        with pytest.raises(ValidationError):
            _TEXT.validate_python(text)


@given(
    prefix=st.text(max_size=40) | st.from_regex(r"[a-z./#]{0,12}", fullmatch=True),
    name=st.text(max_size=40) | st.from_regex(r"[a-z./#]{0,12}", fullmatch=True),
)
def test_a_destination_that_passes_is_a_safe_object_name(
    prefix: str, name: str
) -> None:
    """No accepted destination leaves its prefix or breaks a bucket's rules."""
    try:
        place = Destination(bucket="shop", prefix=prefix, name=name)
    except ValidationError:
        return
    full = names.destination("j", place.prefix, place.name, "image/png")
    assert len(full.encode()) <= 1024
    assert full.isprintable()
    assert not {"", ".", "..", ".well-known"} & set(full.split("/"))
    assert not set("#*?[]") & set(full)
    assert full.count("/") == prefix.removesuffix("/").count("/") + bool(prefix)


@pytest.mark.parametrize(
    ("prefix", "name"),
    [("", None), ("shop", "mug.png"), ("shop/2026/", "Bücher & Co"), ("a" * 480, "b")],
)
def test_ordinary_destinations_pass(prefix: str, name: str | None) -> None:
    """Names as people write them are taken."""
    place = Destination(bucket="my-shop.example_1", prefix=prefix, name=name)
    assert (place.prefix, place.name) == (prefix, name)


@pytest.mark.parametrize(
    "path",
    ["a" * 481, "é" * 241, ".well-known/acme-challenge", "../a", "/a", "a//b", "a#1"],
)
def test_a_path_that_a_bucket_refuses_is_refused_first(path: str) -> None:
    """What would fail after the picture was paid for fails before."""
    with pytest.raises(ValidationError):
        Destination(bucket="shop", prefix=path)
    with pytest.raises(ValidationError):
        Destination(bucket="shop", name=path)


@pytest.mark.parametrize(
    "bucket", ["", "ab", "-ab", "ab-", "A-bucket", "a/b", "a" * 223]
)
def test_a_bucket_is_a_bucket(bucket: str) -> None:
    """A bucket's name follows the rules of Cloud Storage."""
    with pytest.raises(ValidationError):
        Destination(bucket=bucket)


def test_parts_are_frozen_strict_and_silent() -> None:
    """A part never changes, takes no extra field and shows no value in errors."""
    ref = ImageRef(uri="gs://b/o")
    with pytest.raises(ValidationError):
        ref.uri = "gs://b/other"  # type: ignore[misc]
    with pytest.raises(ValidationError) as caught:
        Mask.model_validate({"uri": 4711, "secret": 4711})
    assert "4711" not in str(caught.value)


def test_no_part_shows_what_it_holds() -> None:
    """A part that slips into a log line or a traceback tells names of fields only."""
    part = Destination(bucket="shop4711", name="mug4711")
    for shown in (repr(part), str(part), f"{part}", repr([part])):
        assert "4711" not in shown
    assert repr(part) == "<Destination of bucket, name>"
