"""Reads a request body as Google's proto-JSON parser does.

lowerCamelCase and snake_case both name a field, never both at once; bytes come in
either base64 alphabet, padded or not; a single value may stand for a list of one;
what the schema does not know is refused, with all offences in one 400.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pybase64

from functions.local.model.errors import ApiError, bad_fields
from functions.local.model.schema import ENUMS, ONEOF, SCHEMA

_PACKAGE: Final = "type.googleapis.com/google.ai.generativelanguage.v1beta."
_SCALARS: Final[dict[str, tuple[str, tuple[type, ...]]]] = {
    "str": ("TYPE_STRING", (str,)),
    "bool": ("TYPE_BOOL", (bool,)),
    "int": ("TYPE_INT32", (int,)),
    "float": ("TYPE_FLOAT", (int, float)),
}
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_STANDARD: Final = str.maketrans("-_", "+/")


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name)


def _shown(value: object) -> str:
    return json.dumps(value)[:80] if isinstance(value, str) else str(value)[:80]


def decode_bytes(text: str) -> bytes:
    """Decode base64 in either alphabet, padded or not.

    Raises:
        ValueError: the text is no base64.

    """
    if "-" in text or "_" in text:
        text = text.translate(_STANDARD)
    text = text.rstrip("=")
    return pybase64.b64decode(text + "=" * (-len(text) % 4), validate=True)


class _Reader:
    """One body on its way through the schema; collects what is wrong."""

    def __init__(self) -> None:
        self.wrong: list[tuple[str, str]] = []

    def message(self, kind: str, value: object, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._refuse(path, f"({_PACKAGE}{kind}), {_shown(value)}")
            return {}
        fields = SCHEMA[kind]
        read: dict[str, Any] = {}
        oneof: str | None = None
        for name, inner in value.items():
            field = name if name in fields else _snake(name)
            if field not in fields:
                self._unknown(name, path)
            elif field in read:
                self._twice(name, kind, path)
            elif inner is None:
                continue  # proto-JSON: null is "not set"
            elif kind in ONEOF and field in ONEOF[kind] and oneof is not None:
                self._second(oneof, name, path)
            else:
                if kind in ONEOF and field in ONEOF[kind]:
                    oneof = name
                here = f"{path}.{field}" if path else field
                read[field] = self.value(fields[field], inner, here, name)
        return read

    def value(self, kind: str, value: object, path: str, name: str) -> Any:  # noqa: ANN401 - JSON
        if kind.startswith("[]"):
            items = value if isinstance(value, list) else [value]
            return [
                self.value(kind[2:], item, f"{path}[{at}]", name)
                for at, item in enumerate(items)
            ]
        if kind == "any":
            return value
        if isinstance(value, list):
            return self._list(name, path)
        if kind in SCHEMA:
            return self.message(kind, value, path)
        return self._leaf(kind, value, path)

    def _leaf(self, kind: str, value: object, path: str) -> object:
        if kind == "bytes":
            return self._bytes(value, path)
        if kind in ENUMS:
            return self._enum(kind, value, path)
        return self._scalar(kind, value, path)

    def _list(self, name: str, path: str) -> None:
        at = path.rpartition(".")[0]
        where = f" at '{at}'" if at else ""
        text = f'Invalid JSON payload received. Unknown name "{name}"{where}:'
        self.wrong.append(
            (at, f"{text} Proto field is not repeating, cannot start list.")
        )

    def _bytes(self, value: object, path: str) -> bytes:
        try:
            if isinstance(value, str):
                return decode_bytes(value)
        except ValueError:
            pass
        shown = _shown(value)
        self._refuse(path, f"(TYPE_BYTES), Base64 decoding failed for {shown}")
        return b""

    def _enum(self, kind: str, value: object, path: str) -> str:
        if isinstance(value, str) and value.upper() in ENUMS[kind].values:
            return value.upper()
        self._refuse(path, f"({_PACKAGE}{ENUMS[kind].name}), {_shown(value)}")
        return ""

    def _scalar(self, kind: str, value: object, path: str) -> object:
        label, types = _SCALARS[kind]
        right = isinstance(value, types)
        if isinstance(value, bool) != (kind == "bool"):
            right = False
        if not right:
            self._refuse(path, f"({label}), {_shown(value)}")
            return None
        return value

    def _refuse(self, path: str, text: str) -> None:
        self.wrong.append((path, f"Invalid value at '{path}' {text}"))

    def _unknown(self, name: str, path: str) -> None:
        where = f" at '{path}'" if path else ""
        text = f'Invalid JSON payload received. Unknown name "{name}"{where}:'
        self.wrong.append((path, f"{text} Cannot find field."))

    def _twice(self, name: str, kind: str, path: str) -> None:
        # Not recorded: that both spellings at once are an error is, its text is not.
        self._refuse(path, f"({_PACKAGE}{kind}), Field '{name}' is already set.")

    def _second(self, first: str, name: str, path: str) -> None:
        self._refuse(
            path,
            f"(oneof), oneof field 'data' is already set. Cannot set '{name}'"
            f" after '{first}'",
        )


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise bad_fields(
            [("", f'Invalid JSON payload received. Duplicate name "{twice}".')]
        )
    return read


def parse(body: bytes) -> dict[str, Any]:
    """Return a GenerateContentRequest with snake_case names and bytes decoded.

    Raises:
        ApiError: 400, all offences at once.

    """
    try:
        text = body.decode() or "{}"
        document = json.loads(text, object_pairs_hook=_refuse_repeats)
        if _SURROGATE.search(text):
            json.dumps(document, ensure_ascii=False).encode()  # none stands alone
    except ApiError:
        raise
    except (ValueError, RecursionError) as error:
        text = f"Invalid JSON payload received. {error}"[:200]
        raise bad_fields([("", text.encode(errors="replace").decode())]) from None
    reader = _Reader()
    read = reader.message("GenerateContentRequest", document, "")
    if reader.wrong:
        raise bad_fields(reader.wrong)
    return read
