"""What is known of the models, asked before anything is paid.

The law: an unknown model passes with a warning, a known one is never replaced by
another, and a refusal names the values that are allowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from functions.gemini.catalog_data import (
    AS_OF,
    DEFAULT_MODEL,
    INPUT_TYPES,
    MAX_INLINE_BYTES,
    MIGRANTS,
    MISPRINTS,
    MODELS,
    SCALE,
    TIERS,
    Model,
    Pixels,
)
from functions.job.ports import Priced
from functions.job.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from functions.job.request import Request

__all__ = [
    "DEFAULT_MODEL",
    "INPUT_TYPES",
    "MAX_INLINE_BYTES",
    "MODELS",
    "Catalogue",
    "Model",
    "Price",
    "Resolved",
    "expected_pixels",
    "price_usd",
    "refuse",
    "resolve",
]

_BY_NAME: Final[Mapping[str, Model]] = MappingProxyType(
    {
        name: model
        for model in MODELS
        for name in (model.id, *model.names, *model.previews)
    }
)
_PATH: Final = re.compile(r"^(?:publishers/google/)?models/", re.IGNORECASE)
_PIXELS: Final = re.compile(r"\d+\s*[x×*]\s*\d+", re.IGNORECASE)  # noqa: RUF001  # people paste the sign


@dataclass(frozen=True, slots=True)
class Resolved:
    """A model's name, understood."""

    id: str  # what is sent
    model: Model | None  # None: unknown to the catalogue
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Price:
    """The list price of one picture."""

    usd: float
    basis: str


class _Reference(Protocol):
    @property
    def mime_type(self) -> str | None: ...


class Ordered(Protocol):
    """The members of a request that a model may refuse."""

    @property
    def aspect_ratio(self) -> str | None: ...
    @property
    def image_size(self) -> str | None: ...
    @property
    def images(self) -> Sequence[_Reference]: ...
    @property
    def thinking(self) -> str | None: ...
    @property
    def search(self) -> Sequence[str]: ...


def resolve(name: str) -> Resolved:
    """Return the model that an id, a nickname or a preview id names."""
    plain = _PATH.sub("", name.strip())
    folded = "-".join(plain.lower().split())
    model = _BY_NAME.get(folded)
    if model is None:
        use = MIGRANTS.get(folded)
        hint = f"; {use} makes pictures" if use else "; the default is " + DEFAULT_MODEL
        text = "the catalogue does not know this model: it is sent as it is, unchecked"
        return Resolved(plain, None, (text + hint,))
    warnings = []
    if folded in model.previews:
        warnings.append(
            f"{folded} is a preview id ({model.previews[folded]}): {model.id} is sent"
        )
    if model.shutdown:
        warnings.append(
            f"{model.id} shuts down on {model.shutdown} ({model.shutdown_note}):"
            f" move to {model.successor}"
        )
    return Resolved(model.id, model, tuple(warnings))


def refuse(request: Ordered, model: Model) -> list[Problem]:
    """Return every reason why the model will refuse the request."""
    return [problem for check in _CHECKS for problem in check(request, model)]


def expected_pixels(model: Model, ratio: str | None, size: str | None) -> Pixels | None:
    """Return the documented size of a picture, None where nothing is promised."""
    size = size or "1K"
    base = model.pixels.get(ratio or "")
    if base is None or size not in model.sizes or (ratio, size) in MISPRINTS:
        return None
    return int(base[0] * SCALE[size]), int(base[1] * SCALE[size])


def price_usd(model: Model, size: str | None, tier: str = "standard") -> Price | None:
    """Return the list price of one picture, None where none is known."""
    size = size or "1K"
    source = f"list price, {model.source['prices']}, state {AS_OF}"
    listed = model.prices.get(tier, {}).get(size)
    if listed is not None:
        return Price(listed, source)
    standard, factor = model.prices["standard"].get(size), TIERS.get(tier)
    if standard is None or factor is None:
        return None
    return Price(standard * factor, f"{factor} of the standard {source}")


class Catalogue:
    """The catalogue as the walk asks it."""

    def price(self, request: Request, model: str) -> Priced:
        """Return `model` (an id or alias) resolved, checked and priced."""
        found = resolve(model)
        if found.model is None:
            return Priced(model=found.id, warnings=found.warnings)
        tier = "batch" if request.lane == "batch" else "standard"
        price = price_usd(found.model, request.image_size, tier)
        return Priced(
            model=found.id,
            problems=tuple(refuse(request, found.model)),
            warnings=(*found.warnings, *_doubts(request, found.model)),
            pixels=expected_pixels(
                found.model, request.aspect_ratio, request.image_size
            ),
            price=None if price is None else price.usd,
            inline_most=MAX_INLINE_BYTES,
            input_types=INPUT_TYPES,
        )


def _doubts(request: Ordered, model: Model) -> Iterator[str]:
    if request.aspect_ratio in model.ratios_disputed:
        yield f"Google's pages disagree on whether {model.id} makes this aspect ratio"
    if request.thinking and not model.thinking and not model.thinking_refused:
        yield f"{model.id} always thinks: a thinking level has no effect"


def _ratio(request: Ordered, model: Model) -> Iterator[Problem]:
    if request.aspect_ratio is None or request.aspect_ratio in model.pixels:
        return
    allowed = ", ".join(model.pixels)
    text = f"{model.id} makes these aspect ratios: {allowed}"
    yield Problem("aspect_ratio", "not_supported", text)


def _size(request: Ordered, model: Model) -> Iterator[Problem]:
    size = request.image_size
    if size is None or (size in model.sizes and model.size_field):
        return
    yield Problem("image_size", "not_supported", _size_remedy(size, model))


def _size_remedy(size: str, model: Model) -> str:
    only = ", ".join(model.sizes)
    if not model.size_field:
        return f"{model.id} makes {only} only and takes no image_size: leave it out"
    meant = size.strip().upper().removesuffix("PX")
    if meant in model.sizes:
        return f"write {meant}; {model.id} makes these sizes: {only}"
    if _PIXELS.search(size):
        return f"write a size class and an aspect_ratio, not pixels: {only}"
    return f"{model.id} makes these sizes: {only}"


def _references(request: Ordered, model: Model) -> Iterator[Problem]:
    if len(request.images) > model.references:
        text = f"{model.id} takes at most {model.references} reference pictures"
        yield Problem("images", "too_many_images", text)
    for index, image in enumerate(request.images):
        if image.mime_type is not None and image.mime_type.lower() not in INPUT_TYPES:
            text = f"send one of these types: {', '.join(INPUT_TYPES)}"
            yield Problem(f"images[{index}].mime_type", "not_supported", text)


def _thinking(request: Ordered, model: Model) -> Iterator[Problem]:
    if request.thinking is None or request.thinking in model.thinking:
        return
    if model.thinking_refused:
        text = f"{model.id} does not think: leave thinking out"
        yield Problem("thinking", "not_supported", text)
    elif model.thinking:
        text = f"{model.id} takes these levels: {', '.join(model.thinking)}"
        yield Problem("thinking", "not_supported", text)


def _search(request: Ordered, model: Model) -> Iterator[Problem]:
    if all(kind in model.search for kind in request.search):
        return
    allowed = ", ".join(model.search)
    text = (
        f"{model.id} searches these: {allowed}"
        if allowed
        else f"{model.id} does not search: leave search out"
    )
    yield Problem("search", "not_supported", text)


_CHECKS: Final[tuple[Callable[[Ordered, Model], Iterator[Problem]], ...]] = (
    *(_ratio, _size, _references, _thinking, _search),
)
