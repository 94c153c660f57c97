"""A push body is one Delivery or refused; decoration never refuses a message."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.cloud import push
from functions.job.errors import PoisonError

if TYPE_CHECKING:
    from functions.job.ports import Delivery

_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_OTHER = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def _push(message: object, **rest: object) -> Delivery:
    return push.push({"message": message, **rest}, {}, {})


@given(st.binary(min_size=1), st.booleans(), st.booleans())
def test_base64_of_either_alphabet_padded_or_not(
    data: bytes,
    urlsafe: bool,
    padded: bool,
) -> None:
    """Every publisher's spelling of base64 gives the bytes it meant."""
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    text = encode(data).decode()
    text = text if padded else text.rstrip("=")
    assert _push({"messageId": "1", "data": text}).data == data


@pytest.mark.parametrize(
    "data", ["a", "a b=", "Zm9v\n", "Zm9v!", "=", "Zm9vé", 5, ["a"]]
)
def test_what_is_not_base64_is_refused(data: object) -> None:
    """Half-read data is never handed on; "=" alone is empty data."""
    if data == "=":
        assert _push({"messageId": "1", "data": data}).data is None
        return
    with pytest.raises(PoisonError) as caught:
        _push({"messageId": "1", "data": data})
    assert (caught.value.reason, caught.value.field) == ("not_base64", "message.data")


@pytest.mark.parametrize("message", [None, "text", [], 5])
def test_a_message_is_an_object(message: object) -> None:
    """Anything else delivers nothing."""
    with pytest.raises(PoisonError) as caught:
        _push(message)
    assert caught.value.reason == "no_message"


@pytest.mark.parametrize("given_id", [None, "", "a\nb", 5, "x" * 257, ["1"]])
def test_a_message_without_an_id_is_refused(given_id: object) -> None:
    """The id is the key of last resort, so it is never made up."""
    with pytest.raises(PoisonError) as caught:
        _push({"messageId": given_id, "data": ""})
    assert caught.value.reason == "message_id"


@pytest.mark.parametrize("attributes", ["a", [], {"a": 1}, {"a": None}])
def test_attributes_are_strings(attributes: object) -> None:
    """Pub/Sub sends strings only; anything else is not Pub/Sub."""
    with pytest.raises(PoisonError) as caught:
        _push({"messageId": "1", "attributes": attributes})
    assert caught.value.reason == "attributes"


def test_both_spellings_are_read() -> None:
    """Camel case first, snake case where that is absent or null."""
    snake = {"message_id": "1", "publish_time": "2021-02-05T04:06:14.109Z"}
    one = _push(snake, delivery_attempt=4)
    assert (one.message_id, one.publish_time, one.attempt) == ("1", 1612497974.109, 4)
    two = _push({**snake, "messageId": "2"}, deliveryAttempt=5, delivery_attempt=4)
    assert (two.message_id, two.attempt) == ("2", 5)
    assert _push({**snake, "messageId": None}).message_id == "1"


@pytest.mark.parametrize("value", ["3", 3.0, True, 0, -1, None, [3]])
def test_an_attempt_that_is_no_count_is_unknown(value: object) -> None:
    """A wrong deliveryAttempt costs the count, not the message."""
    assert _push({"messageId": "1"}, deliveryAttempt=value).attempt is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "",
        "now",
        "2021-02-05",
        "2021-02-05T04:06:14",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_time_that_is_none_is_unknown(value: object) -> None:
    """A wrong publishTime costs the time, not the message."""
    assert _push({"messageId": "1", "publishTime": value}).publish_time is None


def test_a_subscription_that_is_no_name_is_unknown() -> None:
    """A wrong subscription costs the name, not the message."""
    assert _push({"messageId": "1"}, subscription="projects/p/s").subscription
    for value in (None, 5, "x" * 513):
        assert _push({"messageId": "1"}, subscription=value).subscription == ""


@pytest.mark.parametrize(
    ("attributes", "event", "headers", "expected"),
    [
        ({"googclient_traceparent": _TRACE}, {}, {"traceparent": _OTHER}, _TRACE),
        ({"traceparent": _TRACE}, {}, {"traceparent": _OTHER}, _TRACE),
        ({}, {"traceparent": _TRACE}, {"traceparent": _OTHER}, _TRACE),
        ({"traceparent": "junk"}, {}, {"traceparent": _OTHER}, _OTHER),
        ({"traceparent": _TRACE + "\n"}, {}, {}, ""),
        ({"traceparent": _TRACE.upper()}, {}, {}, ""),
        ({"traceparent": "00-" + "0" * 32 + "-b7ad6b7169203331-01"}, {}, {}, ""),
        ({}, {}, {}, ""),
    ],
)
def test_the_trace_is_the_publishers(
    attributes: dict[str, str],
    event: dict[str, str],
    headers: dict[str, str],
    expected: str,
) -> None:
    """One trace runs from publisher to event; a broken one is dropped."""
    tree: dict[str, Any] = {"message": {"messageId": "1", "attributes": attributes}}
    assert push.push(tree, headers, event).trace == expected


def test_an_event_decorates_a_message() -> None:
    """The id and time of the CloudEvent stand in where the message lacks its own."""
    event = {"id": "9", "time": "1970-01-01T00:01:00Z", "source": "//s"}
    bare = push.push({"message": {}}, {}, event)
    assert (bare.message_id, bare.publish_time, bare.source) == ("9", 60.0, "//s")
    own = {"messageId": "1", "publishTime": "1970-01-01T00:02:00Z"}
    full = push.push({"message": own}, {}, event)
    assert (full.message_id, full.publish_time) == ("1", 120.0)
