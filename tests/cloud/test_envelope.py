"""Every push form is read, every other named; nothing but PoisonError is raised."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.cloud import envelope
from functions.cloud.envelope import read, salvage
from functions.job.errors import PoisonError
from functions.job.ports import Delivery
from functions.job.request import parse

_EVENTS = Path(__file__).parent.parent / "events"
_PUSHES: list[dict[str, Any]] = json.loads(
    (_EVENTS / "push_requests.json").read_text()
)["requests"]
_CLOUDEVENTS: list[dict[str, Any]] = json.loads(
    (_EVENTS / "cloudevents.json").read_text()
)["vectors"]
_JSON = {"Content-Type": "application/json"}
_STRUCTURED = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_ORDER = b'{"id": "order-4711", "prompt": "a yellow plantain"}'
_PUSH: dict[str, Any] = {
    "message": {
        "data": base64.b64encode(_ORDER).decode(),
        "attributes": {"googclient_traceparent": _TRACE},
        "messageId": "1215011316659232",
        "message_id": "1215011316659232",
        "publishTime": "2026-11-20T18:00:00.5Z",
        "publish_time": "2026-11-20T18:00:00.5Z",
        "orderingKey": "k",
    },
    "subscription": "projects/p/subscriptions/s",
    "deliveryAttempt": 2,
}
_CE = {
    "Ce-Id": "1215011316659232",
    "Ce-Source": "//pubsub.googleapis.com/projects/p/topics/t",
    "Ce-Specversion": "1.0",
    "Ce-Type": envelope.PUBLISHED,
    "Ce-Time": "2026-11-20T18:00:00.5Z",
}
_DELIVERY: dict[str, Any] = {
    "message_id": "1215011316659232",
    "attempt": 2,
    "data": _ORDER,
    "attributes": {"googclient_traceparent": _TRACE},
    "subscription": "projects/p/subscriptions/s",
    "publish_time": 1795197600.5,
    "trace": _TRACE,
}


def _body(tree: object) -> bytes:
    return json.dumps(tree).encode()


def _event(**changes: object) -> bytes:
    event = {k[3:].lower(): v for k, v in _CE.items()} | changes
    return _body({k: v for k, v in event.items() if v is not None})


def _refusal(headers: dict[str, str], body: bytes) -> PoisonError:
    with pytest.raises(PoisonError) as caught:
        read(headers, body)
    return caught.value


def test_one_message_is_the_same_in_every_form() -> None:
    """Plain push, Eventarc's headers and structured events deliver one message."""
    assert read(_JSON, _body(_PUSH)) == Delivery(**_DELIVERY)
    expected = Delivery(**_DELIVERY, source=_CE["Ce-Source"])
    inner = base64.b64encode(_body(_PUSH)).decode()
    assert read(_JSON | _CE, _body(_PUSH)) == expected
    assert read(_STRUCTURED, _event(data=_PUSH)) == expected
    assert read(_STRUCTURED, _event(data_base64=inner)) == expected
    assert parse(expected.data, expected.attributes, "x").id == "order-4711"


def test_a_message_of_attributes_only_is_delivered_without_data() -> None:
    """It orders nothing, but reading it is not the envelope's to refuse."""
    for data in ({}, {"data": ""}, {"data": None}):
        tree = {"message": {"messageId": "1", "attributes": {"a": "b"}} | data}
        assert read(_JSON, _body(tree)) == Delivery(
            message_id="1", attributes={"a": "b"}
        )


@pytest.mark.parametrize("row", _PUSHES, ids=lambda row: str(row["id"]))
def test_published_push_requests_are_judged_as_expected(row: dict[str, Any]) -> None:
    """What Google and others publish as real is read; what they call bad is poison."""
    expect, body = row["expect"], row["body"].encode()
    if "refuse" in expect:
        with pytest.raises(PoisonError):
            parse((found := read(row["headers"], body)).data, {}, found.message_id)
    elif "as_cloudevent_or_400" in expect:
        assert _refusal(row["headers"], body).reason == "background_event"
    elif "message_id" in expect:
        found = read(row["headers"], body)
        data = found.data or b""
        assert found.message_id == expect["message_id"]
        assert found.attributes == expect["attributes"]
        assert expect.get("data_text", data.decode("latin-1")).encode("latin-1") == data
        assert base64.b64decode(expect.get("data_b64", "")) in {b"", data}
    else:  # storage events: the object is in the data, or in the attributes
        found = read(row["headers"], body)
        told = json.loads(found.data or b"{}") | found.attributes
        assert told.get("name", told.get("objectId")) == expect.get("name", "myobject")
        bucket = told.get("bucket", told.get("bucketId"))
        assert bucket == expect.get("bucket", "mybucket")


@pytest.mark.parametrize("row", _CLOUDEVENTS, ids=lambda row: str(row["id"]))
def test_published_cloudevents_are_judged_as_expected(row: dict[str, Any]) -> None:
    """Every conformance event is read whole or refused by name, never half-read."""
    expect, body = row["expect"], row["body"].encode()
    if expect["status"] != "accept":
        assert _refusal(row["headers"], body).reason in {
            "batched_cloudevents",
            "cloudevent_attribute",
            "cloudevent_version",
            "not_json",
        }
        return
    found = read(row["headers"], body)
    told = expect["attributes"]
    if told.get("type") == envelope.PUBLISHED:
        assert found.source == told["source"]
        assert found.data
        return
    for name in told.keys() - {"datacontenttype"}:
        assert found.attributes[f"ce-{name}"] == str(told[name])
    data = (found.data or b"").decode()
    assert expect["data"] == (data if data[0] == "<" else json.loads(data))


@pytest.mark.parametrize(
    ("reason", "headers", "body"),
    [
        ("not_json", _JSON, b""),
        ("not_json", _JSON | _CE, b""),
        ("not_json", _JSON, b"not json at all"),
        ("not_object", _JSON, b"[1, 2, 3]"),
        ("not_a_push", _JSON, b"{}"),
        ("not_a_push", _JSON, _ORDER),
        ("not_a_push", _JSON | {"x-goog-pubsub-message-id": "1"}, _ORDER),
        ("no_message", _JSON | _CE, b"{}"),
        ("no_message", _JSON, b'{"message": "text"}'),
        ("too_deep", _JSON, b"[" * 100_000),
        ("too_deep", _JSON, b'{"message":' + b"[" * 50 + b"]" * 50 + b"}"),
        ("number_too_large", _JSON, b'{"message": ' + b"9" * 5000 + b"}"),
        ("duplicate_key", _JSON, b'{"message": {}, "message": {}}'),
        ("not_utf8", _JSON, b"\xff\xfe{}"),
        (
            "batched_cloudevents",
            {"content-type": "Application/CloudEvents-Batch+JSON"},
            b"",
        ),
        ("cloudevents_format", {"content-type": "application/cloudevents+avro"}, b""),
        ("two_data", _STRUCTURED, _event(data={}, data_base64="")),
        ("not_base64", _STRUCTURED, _event(data_base64="a")),
        ("not_json", _STRUCTURED, _event()),
        ("cloudevent_attribute", _STRUCTURED, _event(type="t", source=None)),
        ("cloudevent_attribute", _STRUCTURED, _event(type="t", id=5)),
        ("cloudevent_version", _STRUCTURED, _event(type="t", specversion="0.3")),
        ("message_id", _STRUCTURED, _event(type="t", id="a\nb")),
        ("too_big", _JSON | _CE | {"Ce-Type": "t"}, b"0" * (envelope.BODY_MAX + 1)),
    ],
)
def test_what_is_no_push_has_a_name(
    reason: str, headers: dict[str, str], body: bytes
) -> None:
    """Each defect has a stable reason of its own."""
    assert _refusal(headers, body).reason == reason


def test_other_events_carry_their_data_and_attributes() -> None:
    """An event from elsewhere is a message: ce-* attributes, its data as data."""
    headers = _CE | {"ce-type": "t", "ce-subject": "a%20b%2520", "ce-n": "5"}
    found = read({k.lower(): v for k, v in (_JSON | headers).items()}, _ORDER)
    assert found.data == _ORDER
    assert found.attributes["ce-subject"] == "a b%20"  # decoded once, not twice
    one = read(_STRUCTURED, _event(type="t", data={"a": 1}, n=5, yes=True, no=None))
    assert (one.data, one.attributes["ce-n"], one.attributes["ce-yes"]) == (
        b'{"a":1}',
        "5",
        "true",
    )
    assert "ce-no" not in one.attributes
    raw = read(_STRUCTURED, _event(type="t", data="<x/>", datacontenttype="text/xml"))
    assert raw.data == b"<x/>"
    assert read(_STRUCTURED, _event(type="t", data="x")).data == b'"x"'
    assert read(_STRUCTURED, _event(type="t")).data is None
    assert read(_CE | {"Ce-Type": "t"}, b"").data is None


def test_junk_of_any_size_is_refused_fast() -> None:
    """10 MB of anything is refused before it is parsed."""
    start = time.monotonic()
    for junk in (b"[" * 10_000_000, b"[" + b"{}," * 3_300_000, b"\x00" * 10_000_000):
        assert _refusal(_JSON, junk).reason == "too_big"
        assert salvage(_JSON, junk).message_id.startswith("body-")
    assert time.monotonic() - start < 2


_HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "ce-id", "ce-type", "ce-source", "Ce-Time", "x"])
    | st.text(max_size=5),
    st.sampled_from([*_CE.values(), *_JSON.values(), *_STRUCTURED.values(), "%zz%00"])
    | st.text(max_size=9),
    max_size=6,
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*_PUSH, *_PUSH["message"], "data_base64", "id", "type"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_HEADERS, st.binary(max_size=80) | _VALUES.map(_body))
def test_nothing_else_is_ever_raised(headers: dict[str, str], body: bytes) -> None:
    """Any headers and bytes give a Delivery or PoisonError, and salvage never fails."""
    assert salvage(headers, body).message_id
    try:
        found = read(headers, body)
    except PoisonError as error:
        assert error.reason.isidentifier()  # noqa: PT017 - both outcomes are right
    else:
        assert found.message_id
        assert found.data != b""


def test_what_can_be_known_of_a_broken_push_is_kept() -> None:
    """A poison record names message, subscription and attempt wherever it can."""
    message = _PUSH["message"] | {"data": "?", "attributes": {"a": "b"}}
    broken = _PUSH | {"message": message}
    for headers, body in (
        (_JSON, _body(broken)),
        (_STRUCTURED, _event(data=broken)),
    ):
        assert _refusal(headers, body).reason == "not_base64"
        found = salvage(headers, body)
        assert found.message_id == _DELIVERY["message_id"]
        assert (found.attempt, found.subscription) == (2, _DELIVERY["subscription"])
        assert found.attributes == {"a": ""}  # names, no values
        assert found.publish_time == _DELIVERY["publish_time"]
        assert found.data is None


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, b'{"data": "' + b"A" * 3_000_000 + b'", "messageId": "12"}', "12"),
        ({}, b'{"message_id" : "34", "data": "' + b"A" * 3_000_000, "34"),
        ({"CE-ID": "5%36"}, b"not json", "56"),
        ({"ce-id": "a%0Ab"}, b"", "body-e3b0c44298fc1c149afbf4c8996fb924"),
        ({}, b'{"message": "text"}', "body-e1e0bbf8c7f54ba9df1502758e65062c"),
    ],
    ids=["tail", "head", "header", "unsafe", "none"],
)
def test_a_broken_body_keeps_one_id(
    headers: dict[str, str], body: bytes, expected: str
) -> None:
    """The same broken bytes have the same id at each delivery."""
    assert salvage(headers, body).message_id == expected
