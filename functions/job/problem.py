"""One reason why a request cannot be carried out: what, why, and the remedy.

The law: field, reason and message never repeat a value that the caller sent.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A named refusal; the job's record and event carry these fields as they are."""

    field: str  # dotted path in the request: "image_size", "images[2].uri"
    reason: str  # snake_case word, stable: "not_supported", "too_many_images" ...
    message: str  # one sentence that says what to do instead
