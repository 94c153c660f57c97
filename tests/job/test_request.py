"""The request: understood in full or refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from functions.job import request as module
from functions.job.errors import DamagedRecordError, PoisonError
from functions.job.request import (
    Destination,
    ImageRef,
    Mask,
    Request,
    fingerprint,
    from_json,
    later,
    parse,
    to_json,
)

_GENERATE: dict[str, Any] = {"id": "order-4711", "prompt": "a yellow plantain"}
_PICTURE = {"uri": "gs://b/o", "mime_type": "image/png"}
# Every field with a value that is not its default.
_FULL: dict[str, Any] = {
    "id": "order-4711",
    "kind": "edit",
    "prompt": "make it blue",
    "model": "nano-banana-pro",
    "aspect_ratio": "16:9",
    "image_size": "2K",
    "images": [_PICTURE, {"uri": "https://example.com/a.png"}],
    "mask": {"uri": "gs://b/m"},
    "session": "s",
    "routes": ["native", "vertex"],
    "fallback_models": ["nano-banana-2.1"],
    "thinking": "high",
    "search": ["web"],
    "seed": -7,
    "safety": {"HARM_CATEGORY_HARASSMENT": "BLOCK_ONLY_HIGH"},
    "include_text": True,
    "drafts": True,
    "allow": ["drop_extras"],
    "on_mismatch": "fail",
    "on_unknown": "hold",
    "max_paid_calls": 3,
    "max_attempts": 9,
    "lane": "batch",
    "deadline": "2026-11-20T18:00:00Z",
    "destination": {"bucket": "shop", "prefix": "p", "name": "n"},
    "callback": "https://example.com/hook",
    "tenant": "t",
    "labels": {"k": "v"},
}
_DEFAULTS: dict[str, Any] = {
    "kind": "generate",
    "model": None,
    "images": [],
    "routes": [],
    "search": [],
    "safety": {},
    "include_text": False,
    "drafts": False,
    "allow": ["normalise"],
    "on_mismatch": "flag",
    "on_unknown": "repeat",
    "max_paid_calls": 2,
    "max_attempts": 6,
    "lane": "now",
    "deadline": None,
    "labels": {},
}


def _parse(tree: object, message_id: str = "77") -> Request:
    return parse(json.dumps(tree).encode(), {}, message_id)


def test_every_field_arrives() -> None:
    """The full request of the agreement is read, each field as it was written."""
    assert set(_FULL) == set(Request.model_fields)
    found = _parse(_FULL).model_dump(mode="json")
    found["images"][1].pop("mime_type")
    assert found == _FULL


def test_a_prompt_is_enough() -> None:
    """The smallest order is a prompt; its key is the message id."""
    order = _parse({"prompt": "x"}, "1215011316659232")
    assert order == Request(id="1215011316659232", prompt="x")
    assert order.model_dump(mode="json").items() >= _DEFAULTS.items()
    assert _parse({"prompt": "x", "id": None}).id == "77"
    assert _parse({"prompt": "x", "id": "own"}).id == "own"


@given(st.text(max_size=200).filter(str.strip))
def test_a_prompt_is_never_touched(prompt: str) -> None:
    """The prompt of the model is the prompt of the caller, through every step."""
    order = _parse({"prompt": prompt})
    assert order.prompt == from_json(to_json(order)).prompt == prompt


@pytest.mark.parametrize(
    ("tree", "reason", "field"),
    [
        ({}, "prompt_missing", "prompt"),
        ({"kind": "edit", "images": [_PICTURE]}, "prompt_missing", "prompt"),
        ({"kind": "edit", "prompt": "x"}, "images_missing", "images"),
        ({"prompt": "x", "images": [_PICTURE]}, "images_not_taken", "images"),
        ({"kind": "cancel", "id": "a", "seed": 1}, "cancel_takes_id_only", "kind"),
        ({"kind": "Edit", "prompt": "x"}, "not_allowed", "kind"),
        ({"prompt": 5}, "wrong_type", "prompt"),
        ({"prompt": "x", "seed": "7"}, "wrong_type", "seed"),
        ({"prompt": "x", "seed": 7.0}, "wrong_type", "seed"),
        ({"prompt": "x", "seed": True}, "wrong_type", "seed"),
        ({"prompt": "x", "seed": 2**31}, "out_of_range", "seed"),
        ({"prompt": "x", "seed": -(2**31) - 1}, "out_of_range", "seed"),
        ({"prompt": "x", "drafts": 1}, "wrong_type", "drafts"),
        ({"prompt": "x", "routes": "native"}, "wrong_type", "routes"),
        ({"prompt": "x", "max_paid_calls": 0}, "out_of_range", "max_paid_calls"),
        ({"prompt": "x", "max_paid_calls": 11}, "out_of_range", "max_paid_calls"),
        ({"prompt": "x", "nonsense": None}, "unknown_field", "nonsense"),
        (
            {"prompt": "x", "deadline": "2026-11-20T18:00:00"},
            "naive_deadline",
            "deadline",
        ),
        ({"prompt": "x" * 32_001}, "too_long", "prompt"),
        ({"prompt": "x", "id": "a\nb"}, "not_printable", "id"),
        ({"prompt": "x", "id": "a" * 257}, "too_long", "id"),
        ({"prompt": "x", "labels": {"k": 1}}, "wrong_type", "labels"),
        ({"prompt": "x", "safety": {"BAD": "OFF"}}, "not_allowed", "safety"),
        ([], "not_object", ""),
    ],
)
def test_what_is_not_a_request_is_named(tree: object, reason: str, field: str) -> None:
    """Each defect has a stable reason and says which field it is about."""
    with pytest.raises(PoisonError) as caught:
        _parse(tree)
    assert (caught.value.reason, caught.value.field) == (reason, field)


@pytest.mark.parametrize("data", [None, b""])
def test_a_message_without_data_is_poison(data: bytes | None) -> None:
    """An attributes-only message orders nothing."""
    with pytest.raises(PoisonError, match="no data") as caught:
        parse(data, {"kind": "generate"}, "77")
    assert caught.value.reason == "no_data"


def test_a_megabyte_is_the_end() -> None:
    """The last good length is read; one byte more is refused before parsing."""
    data = json.dumps(_GENERATE).encode().ljust(module.DATA_MAX)
    assert parse(data, {}, "77").id == "order-4711"
    with pytest.raises(PoisonError, match="send pictures by address"):
        parse(data + b" ", {}, "77")


@given(st.binary(max_size=300), st.text(max_size=300))
def test_no_bytes_raise_anything_else(data: bytes, message_id: str) -> None:
    """Whatever arrives, it is a request or it is poison."""
    with pytest.raises(PoisonError):
        parse(data, {}, message_id)


@given(
    st.dictionaries(
        st.sampled_from(sorted(_FULL)) | st.text(max_size=9),
        st.sampled_from([*_FULL.values(), None, 0, -1, 1.5, "", [[]], {"a": {}}]),
    )
)
def test_no_object_raises_anything_else(tree: dict[str, Any]) -> None:
    """Any mixture of fields and values is a request or poison; none slips through."""
    try:
        order = _parse(tree)
    except PoisonError:
        return
    assert from_json(to_json(order)) == order


def test_requests_made_in_code_keep_the_same_laws() -> None:
    """The API and the command cannot build what the queue would refuse."""
    with pytest.raises(ValidationError):
        Request(id="a", kind="edit", prompt="x")
    order = Request(id="a", prompt="x")
    with pytest.raises(ValidationError):
        order.prompt = "y"  # type: ignore[misc]


@pytest.mark.parametrize("tree", [_GENERATE, _FULL, {"kind": "cancel", "id": "a"}])
def test_a_stored_request_is_read_back_whole(tree: dict[str, Any]) -> None:
    """Storing loses nothing, and the stored text is the same every time."""
    order = _parse(tree)
    assert from_json(to_json(order)) == order
    assert to_json(from_json(to_json(order))) == to_json(order)
    assert (
        json.loads(to_json(order)).items()
        >= {"id": order.id, "kind": order.kind}.items()
    )


def test_a_stored_request_holds_only_what_was_used() -> None:
    """An older release that takes over meets no field that the job does not use."""
    assert set(json.loads(to_json(_parse(_GENERATE)))) == {"id", "kind", "prompt"}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"id": "a", "field": "SECRET"}'])
def test_a_damaged_store_is_an_alarm(data: bytes) -> None:
    """A stored request that cannot be read is never taken for another one."""
    with pytest.raises(DamagedRecordError) as caught:
        from_json(data)
    assert "SECRET" not in str(caught.value)


@given(st.permutations(list(_FULL)), st.booleans())
def test_the_same_order_has_one_fingerprint(keys: list[str], escaped: bool) -> None:
    """Key order, escapes, the id and the spelling of time change nothing."""
    tree = {key: _FULL[key] for key in keys} | {
        "id": "another",
        "prompt": "make it blüe",
        "deadline": "2026-11-20T19:00:00.000+01:00",
    }
    data = json.dumps(tree, ensure_ascii=escaped).encode()
    assert fingerprint(parse(data, {}, "77")) == fingerprint(
        _parse(_FULL | {"prompt": "make it blüe"})
    )


def test_defaults_written_out_are_the_same_order() -> None:
    """A caller that names the defaults, or null, orders nothing else."""
    plain = fingerprint(_parse(_GENERATE))
    assert fingerprint(_parse(_GENERATE | _DEFAULTS)) == plain
    assert fingerprint(_parse(dict.fromkeys(_FULL) | _GENERATE)) == plain


def test_every_field_but_the_id_counts() -> None:
    """Another value in any field is another order under the same key: a conflict."""
    found = {fingerprint(_parse(_FULL))}
    for field in set(_FULL) - {"id", "kind", "prompt", "images"}:
        found.add(fingerprint(_parse({k: v for k, v in _FULL.items() if k != field})))
    found.add(fingerprint(_parse(_FULL | {"prompt": "e\u0301"})))
    found.add(fingerprint(_parse(_FULL | {"prompt": "\u00e9"})))
    found.add(fingerprint(_parse(_FULL | {"images": _FULL["images"][::-1]})))
    assert len(found) == len(_FULL)


def test_a_fingerprint_outlives_releases() -> None:
    """A redelivery after an upgrade meets the hash that the old release wrote."""
    assert (
        fingerprint(_parse(_GENERATE))
        == "61092d2d20f81f20b7213331d725631c496ec1aa943a76f9f9bcdce84465cf84"
    )
    assert (
        fingerprint(_parse(_FULL))
        == "39423f3cb09a1211cb0d2c42e904f23af8511d511a98b1bdc0242e270cfc6b7d"
    )


def test_what_comes_later_is_refused_by_name() -> None:
    """Nothing is ignored: each field without a capability says what to do today."""
    problems = later(_parse(_FULL))
    assert [p.field for p in problems] == [
        "mask",
        "session",
        "lane",
        "callback",
        "routes",
        "fallback_models",
    ]
    assert all(p.reason == "not_yet" and "; " in p.message for p in problems)
    assert [p.field for p in later(Request(id="a", kind="cancel"))] == ["kind"]


@pytest.mark.parametrize("extra", [{}, {"routes": ["native"]}, {"lane": "now"}])
def test_what_works_today_is_not_refused(extra: dict[str, Any]) -> None:
    """The capabilities of this release, named or not, pass."""
    assert later(_parse(_GENERATE | extra)) == []
    edit = Request(
        id="a",
        kind="edit",
        prompt="x",
        images=(ImageRef(uri="gs://b/o"),),
        destination=Destination(bucket="shop"),
    )
    assert later(edit) == []
    assert later(edit.model_copy(update={"mask": Mask(uri="gs://b/m")}))
