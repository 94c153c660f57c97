"""JSON from strangers, read once and within bounds.

The law: whatever the bytes, the answer is a JSON value or a PoisonError that says
where it went wrong and repeats nothing of it. Nothing deep, huge, ambiguous (a key
twice) or unspeakable in JSON (NaN, infinity) passes.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Final

from pydantic_core import from_json

from functions.job.errors import PoisonError

DEPTH_MAX: Final = 32
_INTEGER_MAX: Final = 2**64  # more than any field, and short of any digit limit
_PLACE: Final = re.compile(r"line \d+ column \d+$")
_KINDS: Final = {
    dict: "an object",
    list: "a list",
    tuple: "a list",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a decimal number",
    type(None): "null",
}


def kind(value: object) -> str:
    """Return what a JSON value is, in words and without its content."""
    return _KINDS.get(type(value), "something else")


def load(data: bytes, limit: int, what: str) -> object:
    """Return the JSON value in `data`; `what` names the bytes in errors.

    Raises:
        PoisonError: too_big, not_utf8, not_json, too_deep, number_too_large,
            duplicate_key.

    """
    if len(data) > limit:
        raise PoisonError(
            "too_big",
            f"{what} has {len(data):,} bytes and at most {limit:,} are read; send"
            " pictures by address (gs://), not inside the message",
        )
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.strip():
        raise PoisonError("not_json", f"{what} is empty; one JSON object is expected")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise PoisonError(
            "not_utf8",
            f"{what} is not UTF-8 (from byte {error.start:,} on); JSON always is",
        ) from None
    value = _parse(data, what)
    _bound(value, what)
    _refuse_duplicates(data, what)
    return value


def load_object(data: bytes, limit: int, what: str) -> dict[str, object]:
    """Return the JSON object in `data`.

    Raises:
        PoisonError: as `load`, and not_object.

    """
    value = load(data, limit, what)
    if not isinstance(value, dict):
        raise PoisonError(
            "not_object", f"{what} must be one JSON object, it is {kind(value)}"
        )
    return value


def _parse(data: bytes, what: str) -> object:
    try:
        return from_json(data, allow_inf_nan=False)
    except ValueError as error:
        text = str(error)
    if text.startswith("recursion limit"):
        raise _too_deep(what)
    if text.startswith("number out of range"):
        raise _too_large(what)
    place = _PLACE.search(text)
    where = f" (it breaks at {place[0]})" if place else ""
    raise PoisonError("not_json", f"{what} is not JSON{where}")


def _bound(value: object, what: str) -> None:
    """Refuse depth and numbers, level by level: no recursion, whatever comes."""
    depth, level = 0, [value]
    while level:
        deeper: list[object] = []
        for item in level:
            if isinstance(item, dict):
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
            elif _is_huge(item):
                raise _too_large(what)
            if depth == DEPTH_MAX and isinstance(item, dict | list):
                raise _too_deep(what)
        depth, level = depth + 1, deeper


def _is_huge(item: object) -> bool:
    if isinstance(item, int):
        return abs(item) >= _INTEGER_MAX
    return isinstance(item, float) and not math.isfinite(item)


def _refuse_duplicates(data: bytes, what: str) -> None:
    """Refuse an object that holds a key twice: two readers would read two orders.

    The parser above keeps the last one in silence. By now the text is valid and
    shallow, so the standard one can say; it builds nothing and reads no number.
    """

    def pairs(found: list[tuple[str, object]]) -> None:
        if len({key for key, _ in found}) != len(found):
            raise PoisonError(
                "duplicate_key", f"{what} holds the same key twice in one object"
            )

    json.loads(data, object_pairs_hook=pairs, parse_int=len, parse_float=len)


def _too_deep(what: str) -> PoisonError:
    return PoisonError("too_deep", f"{what} is nested deeper than {DEPTH_MAX} levels")


def _too_large(what: str) -> PoisonError:
    return PoisonError(
        "number_too_large", f"{what} holds a number beyond 64 bits; no field takes one"
    )
