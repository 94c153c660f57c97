"""Models are resolved, checked and priced before anything is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.gemini.catalog import (
    DEFAULT_MODEL,
    INPUT_TYPES,
    MAX_INLINE_BYTES,
    MODELS,
    Catalogue,
    Model,
    expected_pixels,
    price_usd,
    refuse,
    resolve,
)
from functions.job.request import Request

if TYPE_CHECKING:
    from functions.job.problem import Problem

CATALOGUE = Catalogue()


def model(name: str) -> Model:
    found = resolve(name).model
    assert found is not None
    return found


def problems(name: str, **members: Any) -> list[Problem]:  # any member
    kind = "edit" if "images" in members else "generate"
    request = {"id": "1", "prompt": "a plantain", "kind": kind, **members}
    return refuse(Request.model_validate(request, strict=False), model(name))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("nano-banana", "gemini-2.5-flash-image"),
        ("nano-banana-2", "gemini-3.1-flash-image"),
        ("nano-banana-2-lite", "gemini-3.1-flash-lite-image"),
        ("nano-banana-pro", "gemini-3-pro-image"),
        ("nano-banana-2.1", "gemini-nano-banana-2.1"),
        ("Nano Banana Pro", "gemini-3-pro-image"),
        ("models/gemini-3-pro-image", "gemini-3-pro-image"),
        (" publishers/google/models/gemini-3-pro-image ", "gemini-3-pro-image"),
        ("gemini-3-pro-image-preview", "gemini-3-pro-image"),
        ("nano-banana-pro-preview", "gemini-3-pro-image"),
        ("gemini-3.1-flash-image-preview", "gemini-3.1-flash-image"),
        ("gemini-2.5-flash-image-preview", "gemini-2.5-flash-image"),
        (DEFAULT_MODEL, "gemini-nano-banana-2.1"),
    ],
)
def test_a_name_names_its_own_model(name: str, known: str) -> None:
    """Nicknames and preview ids lead to the model they always meant."""
    assert resolve(name).id == known
    assert model(name).id == known


def test_a_preview_id_is_told_of_its_successor_in_name() -> None:
    """The event can say both: what was asked for and what was sent."""
    (warning,) = resolve("gemini-3-pro-image-preview").warnings
    assert "gemini-3-pro-image-preview" in warning
    assert "gemini-3-pro-image is sent" in warning
    assert not resolve("nano-banana-pro").warnings


def test_a_model_past_its_shutdown_is_still_sent() -> None:
    """Announced dates move: the warning names date and successor, the id stays."""
    found = resolve("gemini-3.1-flash-image")
    assert found.id == "gemini-3.1-flash-image"
    assert "2026-10-29" in found.warnings[0]
    assert "gemini-nano-banana-2.1" in found.warnings[0]


def test_an_unknown_model_passes_with_a_warning() -> None:
    """Tomorrow's model works today, and yesterday's names say what to use."""
    found = resolve("gemini-9-image")
    assert (found.id, found.model) == ("gemini-9-image", None)
    assert DEFAULT_MODEL in found.warnings[0]
    assert "gemini-3-pro-image makes pictures" in resolve("gemini-3-pro").warnings[0]
    priced = CATALOGUE.price(Request(id="1", prompt="x", image_size="9K"), "new-model")
    assert (priced.model, priced.price, priced.pixels) == ("new-model", None, None)
    assert not priced.problems
    assert priced.warnings


@given(st.text())
def test_any_name_resolves(name: str) -> None:
    """No name raises, and an unknown one is not changed but for its edges."""
    found = resolve(name)
    assert found.model is not None or found.id in name


@pytest.mark.parametrize(
    ("name", "members", "field", "says"),
    [
        ("nano-banana-pro", {"aspect_ratio": "1:8"}, "aspect_ratio", "21:9"),
        ("nano-banana-2.1", {"aspect_ratio": "7:3"}, "aspect_ratio", "8:1"),
        ("nano-banana-pro", {"image_size": "1k"}, "image_size", "write 1K"),
        ("nano-banana-pro", {"image_size": " 4k "}, "image_size", "write 4K"),
        ("nano-banana-2", {"image_size": "512px"}, "image_size", "write 512"),
        ("nano-banana-pro", {"image_size": "512"}, "image_size", "1K, 2K, 4K"),
        ("nano-banana-pro", {"image_size": "1024x1024"}, "image_size", "aspect_ratio"),
        ("nano-banana", {"image_size": "1K"}, "image_size", "leave it out"),
        ("nano-banana-2.1", {"thinking": "low"}, "thinking", "minimal, medium, high"),
        ("nano-banana", {"thinking": "high"}, "thinking", "leave thinking out"),
        ("nano-banana-pro", {"search": ("image",)}, "search", "web"),
        ("nano-banana", {"search": ("web",)}, "search", "leave search out"),
    ],
)
def test_what_the_model_refuses_is_refused_before_payment(
    name: str, members: dict[str, Any], field: str, says: str
) -> None:
    """The refusal names the field and the values that are allowed."""
    (problem,) = problems(name, **members)
    assert (problem.field, problem.reason) == (field, "not_supported")
    assert says in problem.message


def test_references_are_counted_and_typed() -> None:
    """Too many pictures, or a type no model reads, stop before anything is paid."""
    four = [{"uri": "gs://b/o"}] * 4
    (problem,) = problems("nano-banana", images=four)
    assert (problem.field, problem.reason) == ("images", "too_many_images")
    assert "at most 3" in problem.message
    assert not problems("nano-banana-pro", images=four)
    typed = [{"uri": "gs://b/o", "mime_type": x} for x in (*INPUT_TYPES, "image/bmp")]
    (problem,) = problems("nano-banana-pro", images=typed)
    assert problem.field == "images[5].mime_type"


def test_everything_allowed_passes() -> None:
    """Each model takes each of its own values."""
    for known in MODELS:
        sizes = known.sizes if known.size_field else (None,)
        for ratio in known.pixels:
            for size in sizes:
                assert not problems(known.id, aspect_ratio=ratio, image_size=size)
        for level in known.thinking:
            assert not problems(known.id, thinking=level)
        assert not problems(known.id, search=known.search)


def test_a_level_without_effect_is_a_warning() -> None:
    """Pro always thinks: asking for more is no mistake, only idle."""
    request = Request(id="1", prompt="x", thinking="high")
    priced = CATALOGUE.price(request, "nano-banana-pro")
    assert not priced.problems
    assert "no effect" in priced.warnings[0]


def test_a_disputed_ratio_is_a_warning() -> None:
    """Where Google's pages disagree the request is sent."""
    request = Request(id="1", prompt="x", aspect_ratio="1:8")
    priced = CATALOGUE.price(request, "nano-banana-2-lite")
    assert not priced.problems
    assert "disagree" in priced.warnings[0]


def test_nothing_is_promised_that_is_not_documented() -> None:
    """No ratio, an unknown size or the misprinted row expect no pixels."""
    two = model("nano-banana-2")
    assert expected_pixels(two, "16:9", "2K") == (2752, 1536)
    assert expected_pixels(two, "16:9", None) == (1376, 768)
    for ratio, size in ((None, "1K"), ("7:3", "1K"), ("1:1", "8K"), ("21:9", "512")):
        assert expected_pixels(two, ratio, size) is None


def test_prices_name_their_basis() -> None:
    """Listed where listed, a tier's factor where not, nothing where unknown."""
    pro = model("nano-banana-pro")
    listed = price_usd(pro, "4K")
    assert listed is not None
    assert listed.usd == 0.24
    assert "2026" in listed.basis
    flex = price_usd(model("nano-banana-2.1"), None, "flex")
    assert flex is not None
    assert flex.usd == pytest.approx(0.0168)
    assert flex.basis.startswith("0.5 of the standard")
    assert price_usd(pro, "8K") is None
    assert price_usd(pro, "1K", "priority") is None


def test_the_walk_gets_everything_at_once() -> None:
    """Id, problems, pixels and price of one request; the batch lane costs less."""
    request = Request(id="1", prompt="x", aspect_ratio="16:9", image_size="2K")
    priced = CATALOGUE.price(request, "nano-banana-pro")
    assert (priced.model, priced.problems) == ("gemini-3-pro-image", ())
    assert (priced.pixels, priced.price) == ((2752, 1536), 0.134)
    batch = CATALOGUE.price(request.model_copy(update={"lane": "batch"}), priced.model)
    assert batch.price == 0.067
    wrong = CATALOGUE.price(
        request.model_copy(update={"image_size": "9K"}), "nano-banana-pro"
    )
    assert (wrong.price, wrong.pixels, len(wrong.problems)) == (None, None, 1)
    assert MAX_INLINE_BYTES == 20_000_000
