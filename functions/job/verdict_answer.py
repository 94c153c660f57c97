"""What the model itself answered: pictures, words, reasons to stop, usage.

Reads Google's candidates, OpenAI's choices and image lists, whole or in pieces.
The law: an unknown shape adds nothing, and no shape raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DATA_URI: Final = re.compile(
    r"data:image/[\w.+-]{1,40}(?:;[\w=.+-]{1,60}){0,4};base64,\s*[\w+/@-]",
    re.IGNORECASE,
)
_LINK: Final = re.compile(
    r"!\[[^\]]{0,2000}\]\(\s*<?https?://|https?://[^\s\"'<>)]{1,2000}"
    r"\.(?:png|jpe?g|webp|gif|avif|heic)\b",
    re.IGNORECASE,
)
_TEXT_MOST: Final = 1_000_000  # characters of prose searched for a picture
_ITEMS_MOST: Final = 2_000
_COUNT_MOST: Final = 10**9
_PARTS_DEEP: Final = 6
# Our name -> the names on the wire: Google's two spellings, OpenAI's two families.
_COUNTS: Final = {
    "prompt": ("promptTokenCount", "prompt_token_count", "prompt_tokens"),
    "output": ("candidatesTokenCount", "candidates_token_count", "completion_tokens"),
    "thoughts": ("thoughtsTokenCount", "thoughts_token_count", "reasoning_tokens"),
    "total": ("totalTokenCount", "total_token_count", "total_tokens"),
}
_RESPONSES: Final = {"input_tokens": "prompt", "output_tokens": "output"}
# The scanner's placeholder; PNG, JPEG and WebP as bare base64.
_BARE: Final = ("@picture", "iVBORw0KGgo", "/9j/", "UklGR")
_ERROR_MEMBERS: Final = frozenset({"error", "message", "msg", "detail", "code"})
_COSTS: Final = ("cost", "total_cost", "response_cost")


@dataclass(slots=True, repr=False)
class Spoken:
    """Everything an answer said, over all its pieces."""

    envelopes: int = 0  # answers, or pieces of one, that were seen
    native: bool = False
    empty: str = ""  # the list that should have held the answer and held nothing
    pictures: int = 0
    links: int = 0
    thoughts: bool = False
    tools: bool = False
    refusal: bool = False
    prose: list[str] = field(default_factory=list)
    finish: list[tuple[object, str]] = field(default_factory=list)  # value, where
    finish_message: str = ""
    feedback: bool = False
    block: object = None
    block_message: str = ""
    usage: dict[str, int] = field(default_factory=dict)
    text_only: bool = False  # token details show words and no picture
    cost: float = 0.0
    ids: dict[str, str] = field(default_factory=dict)


def first(node: Mapping[str, object], *names: str) -> object:
    """Return the first of the named members that is there and not null."""
    return next((node[name] for name in names if node.get(name) is not None), None)


def listen(node: dict[str, object], spoken: Spoken) -> frozenset[str]:
    """Add what one object says; return the members that need no further look."""
    taken: set[str] = set()
    for name, hear in _ENVELOPES.items():
        value = node.get(name)
        if name in node and (value is None or isinstance(value, list)):
            if name in {"data", "output", "steps"} and not _images_list(node, value):
                continue
            taken.add(name)
            hear(value or [], name, spoken)
    if isinstance(feedback := first(node, "promptFeedback", "prompt_feedback"), dict):
        spoken.native = spoken.feedback = True
        spoken.block = first(feedback, "blockReason", "block_reason") or spoken.block
        said = first(feedback, "blockReasonMessage", "block_reason_message")
        spoken.block_message = said if isinstance(said, str) else spoken.block_message
        taken |= {"promptFeedback", "prompt_feedback"}
    for name in ("usageMetadata", "usage_metadata", "usage"):
        if isinstance(usage := node.get(name), dict):
            spoken.native = spoken.native or name != "usage"
            _count(usage, spoken)
            taken.add(name)
    if taken:
        spoken.envelopes += 1
        _identify(node, spoken)
        if (reason := node.get("native_finish_reason")) is not None:
            spoken.finish.append((reason, "native_finish_reason"))
    return frozenset(taken)


def _images_list(node: dict[str, object], value: object) -> bool:
    """Tell an images answer from anything else that calls its content "data"."""
    if not value:
        return "created" in node or (value == [] and not _ERROR_MEMBERS & set(node))
    items = value if isinstance(value, list) else []
    known = ("b64_json", "url", "result", "type", "image_url")
    return any(isinstance(x, dict) and any(k in x for k in known) for x in items)


def _identify(node: dict[str, object], spoken: Spoken) -> None:
    for ours, names in (
        ("response_id", ("responseId", "response_id", "id")),
        ("model_version", ("modelVersion", "model_version", "model")),
    ):
        value = first(node, *names)
        if isinstance(value, str) and value:
            spoken.ids.setdefault(ours, value[:128])


def _dicts(items: object) -> Iterator[dict[str, object]]:
    if isinstance(items, list):
        yield from (x for x in items[:_ITEMS_MOST] if isinstance(x, dict))


def _candidates(items: list[object], name: str, spoken: Spoken) -> None:
    spoken.native = True
    spoken.empty = spoken.empty if items else name
    for item in _dicts(items):
        reason = first(item, "finishReason", "finish_reason")
        if reason is not None:
            spoken.finish.append((reason, "candidates[0].finishReason"))
        said = first(item, "finishMessage", "finish_message")
        spoken.finish_message = said if isinstance(said, str) else spoken.finish_message
        content = item.get("content")
        for part in _dicts(content.get("parts") if isinstance(content, dict) else None):
            _part(part, spoken)


def _part(part: dict[str, object], spoken: Spoken) -> None:
    if part.get("thought") is True:
        spoken.thoughts = True
        return
    text = part.get("text")
    if isinstance(text, str):
        spoken.prose.append(text)
    if first(part, "functionCall", "function_call") is not None:
        spoken.tools = True
    spoken.pictures += _picture(part, spoken)


def _choices(items: list[object], name: str, spoken: Spoken) -> None:
    spoken.empty = spoken.empty if items else name
    for item in _dicts(items):
        extra = item.get("provider_specific_fields")
        holders = [item, extra] if isinstance(extra, dict) else [item]
        for key in ("native_finish_reason", "finish_reason", "finishReason"):
            for holder in holders:
                if holder.get(key) is not None:
                    spoken.finish.append((holder[key], f"choices[0].{key}"))
        for key in ("message", "delta"):
            if isinstance(message := item.get(key), dict):
                _message(message, spoken)
        if isinstance(text := item.get("text"), str):
            spoken.prose.append(text)


def _message(message: dict[str, object], spoken: Spoken) -> None:
    content = message.get("content")
    if isinstance(content, str):
        spoken.prose.append(content)
    for source in (content, message.get("parts")):
        for part in _dicts(source):
            _part(part, spoken)
    images = message.get("images")
    for image in images[:_ITEMS_MOST] if isinstance(images, list) else []:
        spoken.pictures += _picture({"image_url": image}, spoken)
    spoken.refusal = spoken.refusal or bool(message.get("refusal"))
    calls = message.get("tool_calls") or message.get("function_call")
    spoken.tools = spoken.tools or bool(calls)
    if message.get("reasoning_content") or message.get("reasoning"):
        spoken.thoughts = True


def _images(items: list[object], name: str, spoken: Spoken) -> None:
    spoken.empty = spoken.empty if items else name
    for item in _dicts(items):
        spoken.pictures += _picture(item, spoken)
        for part in _dicts(item.get("content")):
            _part(part, spoken)


def _picture(node: object, spoken: Spoken, deep: int = 0) -> bool:
    """Return whether the node holds one picture's bytes; count it if an address."""
    if isinstance(node, str):
        spoken.links += node[:8].lower().startswith("http")
        return node.startswith(_BARE) or bool(_DATA_URI.match(node))
    if not isinstance(node, dict) or deep > _PARTS_DEEP:
        return False
    kind = str(first(node, "mimeType", "mime_type", "media_type") or "image/")
    if kind.lower().startswith("image/"):
        held = first(node, "data", "b64_json", "result", "fileUri", "file_uri")
        if isinstance(held, str) and held.strip():
            spoken.links += held.startswith(("http", "gs://", "files/"))
            return not held.startswith(("http", "gs://", "files/"))
    inner = (
        *("inlineData", "inline_data", "fileData", "file_data", "image_url"),
        "url",
    )
    return any(_picture(node[k], spoken, deep + 1) for k in inner if node.get(k))


def search_prose(spoken: Spoken, text: str) -> None:
    """Count the pictures that are written into prose."""
    text = text[:_TEXT_MOST]
    spoken.pictures += len(_DATA_URI.findall(text))
    if "@picture" in text and not spoken.pictures:
        spoken.pictures += 1
    spoken.links += bool(_LINK.search(text)) and not spoken.native


def _whole(value: object) -> int:
    good = isinstance(value, int) and not isinstance(value, bool)
    return value if good and 0 < value < _COUNT_MOST else 0  # type: ignore[operator,return-value]  # mypy does not follow `good`


def _count(usage: dict[str, object], spoken: Spoken) -> None:
    found = {ours: _whole(first(usage, *names)) for ours, names in _COUNTS.items()}
    for name, ours in _RESPONSES.items():
        found[ours] = found[ours] or _whole(usage.get(name))
    details = first(usage, "completion_tokens_details", "output_tokens_details")
    if isinstance(details, dict):
        found["image"] = _whole(details.get("image_tokens"))
        found["thoughts"] = found["thoughts"] or _whole(details.get("reasoning_tokens"))
    modalities = first(usage, "candidatesTokensDetails", "candidates_tokens_details")
    by_kind = {
        str(x.get("modality")).upper(): _whole(first(x, "tokenCount", "token_count"))
        for x in _dicts(modalities)
    }
    found["image"] = by_kind.get("IMAGE", 0) or found.get("image", 0)
    spoken.text_only = bool(by_kind.get("TEXT")) and not found["image"]
    for name, count in found.items():
        if count:
            spoken.usage[name] = max(count, spoken.usage.get(name, 0))
    for name in _COSTS:
        cost = usage.get(name)
        if isinstance(cost, int | float) and 0 < cost < _COUNT_MOST:
            spoken.cost = max(spoken.cost, float(cost))


_ENVELOPES: Final = {
    "candidates": _candidates,
    "choices": _choices,
    "data": _images,
    "output": _images,
    "outputs": _images,
    "steps": _images,
}
