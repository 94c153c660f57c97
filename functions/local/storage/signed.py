"""Signed URLs (V4): complete, and not yet expired on the clock of the stack.

The signature itself is NOT checked: nobody here knows the key. So this shows that a
link ends when it says, never that it cannot be forged.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final

from functions.local.storage.errors import ApiError, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

_WEEK: Final = 7 * 24 * 3600  # s, the longest life Cloud Storage allows
_EARLY: Final = 900.0  # s a link may be ahead of our clock
_FIELDS: Final = (
    "x-goog-algorithm",
    "x-goog-credential",
    "x-goog-date",
    "x-goog-expires",
    "x-goog-signedheaders",
    "x-goog-signature",
)


def check_signed(query: Mapping[str, str], now: float) -> None:
    """Refuse a signed URL that is incomplete or out of its time.

    A URL without any of the fields is not signed and passes.

    Raises:
        ApiError: 400, as Cloud Storage answers.

    """
    given = {key.lower(): value for key, value in query.items()}
    if not any(field in given for field in _FIELDS):
        return
    for name in _FIELDS:
        if not given.get(name):
            raise invalid(f"The signed URL lacks {name}.")
    if not given["x-goog-algorithm"].startswith("GOOG4-"):
        raise invalid("The signed URL has an unknown X-Goog-Algorithm.")
    try:
        made = dt.datetime.strptime(given["x-goog-date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
    except ValueError:
        raise invalid("The signed URL has a malformed X-Goog-Date.") from None
    life = given["x-goog-expires"]
    if not re.fullmatch(r"\d{1,9}", life, re.ASCII) or not 0 < int(life) <= _WEEK:
        raise invalid("X-Goog-Expires must be between 1 and 604800 seconds.")
    if made.timestamp() - now > _EARLY:
        raise invalid("The signed URL is not valid yet.")
    if now > made.timestamp() + int(life):
        raise ApiError(400, "expired", "The provided token has expired.")
