"""Sentences about requests that cannot be read, for a tired person at 3 a.m.

The law: a sentence names fields, types, lengths and allowed words, says what to
write instead, and never repeats a value; a field's name is repeated only when it
looks like a name.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

from functions.job import payload
from functions.job.errors import PoisonError
from functions.job.fields import Destination, ImageRef, Mask

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

_SHOWN: Final = 4  # complaints in one message
# Neither digits nor spaces: API keys and sentences do not pass for a field's name.
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}", re.ASCII)

_PARTS: Final[dict[str, type[BaseModel]]] = {
    "images": ImageRef,
    "mask": Mask,
    "destination": Destination,
}
_ONE_PICTURE: Final = "send one message per picture"
_SIZE: Final = 'use image_size ("1K", "2K", "4K") and aspect_ratio ("16:9")'
_PICTURES: Final = 'use kind "edit" and images: [{"uri": "gs://..."}]'
_PROMPT: Final = "say it in prompt"
_CALLBACK: Final = "completion is announced on the events topic"
FOREIGN: Final = {
    "negative_prompt": "no Gemini image model has it; phrase it positively in prompt",
    "n": _ONE_PICTURE,
    "num_images": _ONE_PICTURE,
    "number_of_images": _ONE_PICTURE,
    "candidate_count": _ONE_PICTURE,
    "sample_count": _ONE_PICTURE,
    "batch_size": _ONE_PICTURE,
    "size": _SIZE,
    "width": _SIZE,
    "height": _SIZE,
    "resolution": _SIZE,
    "dimensions": _SIZE,
    "image": _PICTURES,
    "image_url": _PICTURES,
    "image_urls": _PICTURES,
    "input_image": _PICTURES,
    "init_image": _PICTURES,
    "reference_images": _PICTURES,
    "quality": "use image_size; the models have no quality setting",
    "style": _PROMPT,
    "contents": "send plain fields: prompt, and images for an edit",
    "messages": "send plain fields: prompt, and images for an edit",
    "text": "use prompt",
    "instruction": "use prompt",
    "generation_config": "its settings are fields here: aspect_ratio, image_size, seed",
    "image_config": "its settings are fields here: aspect_ratio, image_size",
    "safety_settings": 'use safety: {"HARM_CATEGORY_...": "BLOCK_..."}',
    "thinking_level": 'use thinking ("low", "high")',
    "tools": 'use search: ["web"]',
    "temperature": "the request has no such setting; seed makes results steadier",
    "steps": "Gemini image models have no such setting; leave it out",
    "guidance_scale": "Gemini image models have no such setting; leave it out",
    "cfg_scale": "Gemini image models have no such setting; leave it out",
    "response_format": "pictures go to the bucket; the model chooses JPEG or PNG",
    "output_format": "pictures go to the bucket; the model chooses JPEG or PNG",
    "output_uri": "use destination: {bucket, prefix, name}",
    "webhook_url": _CALLBACK,
    "webhook": _CALLBACK,
    "callback_url": _CALLBACK,
    "user": "use tenant or labels",
    "metadata": "use labels",
    "timeout": "use deadline, a time with an offset",
    "idempotency_key": "use id",
    "job_id": "use id",
    "request_id": "use id",
}
LATER: Final = {
    "kind": "jobs cannot be cancelled yet; set a deadline on the next one, it ends"
    " the job in time",
    "mask": "masks are not applied yet; describe in prompt which part to change and"
    " what to leave as it is",
    "session": "editing sessions are not kept yet; send the last picture as a"
    " reference in images",
    "lane": 'the batch lane is not open yet; leave lane out or write "now"',
    "callback": "callbacks are not sent yet; subscribe to the events topic, it gets"
    " the same news",
    "routes": 'only the route "native" is open yet; leave routes out or write'
    ' ["native"]',
    "fallback_models": "no other model is tried yet; name in model the one you want"
    " and leave fallback_models out",
}
_TYPES: Final = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "mapping_type": "an object",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "datetime_type": "a time as a string, like 2026-11-20T18:00:00Z",
}
_SENTENCES: Final = {
    "not_printable": "must be printable text on one line and not blank",
    "blank": "must not be blank",
    "bad_time": "must be a time like 2026-11-20T18:00:00Z (RFC 3339)",
    "naive_deadline": "must say its offset: 2026-11-20T18:00:00Z, or +01:00",
    "bad_name": "must be a plain object name: printable, at most 480 bytes, without"
    ' # * ? [ ] and without empty, ".", ".." or ".well-known" steps',
    "bad_bucket": "must be a bucket's name: 3 to 222 lower-case letters, digits, . _ -",
    "missing_field": "is missing",
    "prompt_missing": "is missing; say what to make or change",
    "images_missing": 'is missing: kind "edit" needs at least one picture, as'
    ' [{"uri": "gs://..."}]; to make one from text alone use kind "generate"',
    "images_not_taken": 'is not taken by kind "generate"; use kind "edit" to work'
    " from pictures",
    "cancel_takes_id_only": 'with "cancel" goes with an id and nothing else',
}
_STABLE: Final = {
    "extra_forbidden": "unknown_field",
    "missing": "missing_field",
    "literal_error": "not_allowed",
    "timezone_aware": "naive_deadline",
    "string_pattern_mismatch": "bad_bucket",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
}


def no_data(attributes: Mapping[str, str]) -> str:
    """Return the sentence for a message without data."""
    if "eventType" in attributes and "bucketId" in attributes:
        return (
            "this is a notification of Cloud Storage, not a request; point the"
            " bucket's notification to the inbox-events topic"
        )
    return "the message has no data; send the request as JSON in the message's data"


def poison(error: ValidationError, model: type[BaseModel]) -> PoisonError:
    """Return what is wrong with a request, the first complaint giving the reason."""
    details = error.errors(include_url=False)
    shown = [_sentence(detail, model) for detail in details[:_SHOWN]]
    if len(details) > _SHOWN:
        shown.append(f"and {len(details) - _SHOWN} more")
    return PoisonError(
        _reason(details[0]), "; ".join(shown), field=_path(details[0], model)
    )


def _reason(detail: ErrorDetails) -> str:
    found = detail["type"]
    if found in _TYPES:
        return "wrong_type"
    return _STABLE.get(found, found)


def _path(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """Return the dotted path of the field, without keys that callers chose."""
    if not detail["loc"]:
        return detail["msg"]  # our own word: see Request
    head, *rest = detail["loc"]
    path = shown_name(str(head))
    if head not in model.model_fields:
        return path
    for step in rest:
        if isinstance(step, int):
            path += f"[{step}]"
        elif head in _PARTS:
            path += f".{shown_name(step)}"
    return path


def shown_name(name: str) -> str:
    """Return a caller's field name, if that is what it looks like."""
    return name if _NAME.fullmatch(name) else "(a field that is not a plain name)"


def _sentence(detail: ErrorDetails, model: type[BaseModel]) -> str:
    reason = _reason(detail)
    context: dict[str, Any] = detail.get("ctx", {})
    if reason == "unknown_field":
        text = _unknown(detail, model)
    elif reason == "wrong_type":
        was = payload.kind(detail["input"])
        text = f"must be {_TYPES[detail['type']]}, not {was}"
    elif reason == "not_allowed":
        text = f"takes only {context['expected']}"
    elif reason in {"too_short", "too_long"}:
        text = _length(detail, context)
    elif reason == "out_of_range":
        least = "ge" in context
        text = f"must be at {'least' if least else 'most'} "
        text += f"{context['ge' if least else 'le']}"
    else:
        text = _SENTENCES.get(reason, "cannot be read")
    return f"{_path(detail, model)}{_which(detail)} {text}"


def _which(detail: ErrorDetails) -> str:
    """Return which half of a mapping is meant; its keys are the caller's words."""
    if not detail["loc"] or detail["loc"][0] not in {"labels", "safety"}:
        return ""
    if detail["loc"][-1] == "[key]":
        return " (one of its keys)"
    return " (one of its values)" if len(detail["loc"]) > 1 else ""


def _length(detail: ErrorDetails, context: dict[str, Any]) -> str:
    value = detail["input"]
    unit = "characters" if isinstance(value, str) else "entries"
    has = f"has {len(value):,} {unit}"
    if "max_length" in context:
        return f"{has}, at most {context['max_length']:,} are taken"
    return f"{has}, at least {context['min_length']:,} is needed"


def _unknown(detail: ErrorDetails, model: type[BaseModel]) -> str:
    *parents, last = detail["loc"]
    owner = _PARTS.get(str(parents[0]), model) if parents else model
    near = closest(str(last), owner.model_fields)
    plain = _plain(str(last))
    foreign = next((k for k in FOREIGN if _plain(k) == plain), "")
    if foreign and not parents:
        return f"is not a field: {FOREIGN[foreign]}"
    if near:
        return f"is not a field; did you mean {near}?"
    if parents:
        return f"is not a field; the fields are {', '.join(owner.model_fields)}"
    return "is not a field of a request; leave it out"


def closest(name: str, words: Collection[str]) -> str:
    """Return the word that was probably meant, "" if none is near."""
    plain = {_plain(word): word for word in words}
    found = difflib.get_close_matches(_plain(name[:64]), plain, n=1, cutoff=0.75)
    return plain[found[0]] if found else ""


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
