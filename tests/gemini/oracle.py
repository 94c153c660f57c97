"""What an answer holds, found with `json` and `base64` from the whole of it."""

from __future__ import annotations

import base64
import json
import re

_URI = re.compile(r"data:image/[\w.+-]+(?:;[\w.=+-]+)*;base64,(.+)", re.DOTALL)
_SIGNATURES = {"thoughtSignature", "thought_signature"}

Json = object
Picture = tuple[bytes, bool]


def unbase64(text: str) -> bytes:
    """Decode either alphabet, padded or not, with white space."""
    bare = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)


def oracle(text: bytes) -> tuple[object, list[Picture]]:
    """Return the body and the pictures that a reader of `text` should find."""
    found: list[Picture] = []
    return _cut(json.loads(text, strict=False), "", found, thought=False), found


def _cut(node: Json, key: str, found: list[Picture], *, thought: bool) -> object:
    if isinstance(node, list):
        return [_cut(item, "", found, thought=thought) for item in node]
    if isinstance(node, dict):
        flag = node.get("thought") is True
        return {k: _child(k, v, found, thought=flag) for k, v in node.items()}
    if isinstance(node, str):
        return _string(node, key, found, thought=thought)
    return node


def _child(key: str, value: Json, found: list[Picture], *, thought: bool) -> object:
    if key in {"inlineData", "inline_data"} and isinstance(value, dict):
        out: dict[str, object] = {}
        for name, inner in value.items():
            if name == "data" and isinstance(inner, str) and inner:
                found.append((unbase64(inner), thought))
                out[name] = "@picture"
            else:
                out[name] = _child(
                    name, inner, found, thought=value.get("thought") is True
                )
        return out
    return _cut(value, key, found, thought=thought)


def _string(text: str, key: str, found: list[Picture], *, thought: bool) -> object:
    if key in _SIGNATURES:
        return "@cut"
    if key == "b64_json" and text:
        found.append((unbase64(text), thought))
        return "@picture"
    if uri := _URI.match(text):
        found.append((unbase64(uri[1]), thought))
        return "@picture"
    limit = 1 << 20 if key in {"text", "content", "message", "finishMessage"} else 65536
    return "@cut" if len(text.encode()) > limit else text
