"""Messages: publish time, what flow control counts, limits of a publish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.local.pubsub import message as messages
from functions.local.pubsub.message import Message, Proto, PubsubMessage, check
from functions.local.pubsub.refusal import RefusedError


def test_publish_time_has_three_decimals() -> None:
    """Law: as in production, milliseconds, also when they are zero."""
    assert (
        Message("1", b"", {}, 1_614_374_035_749).publish_time
        == "2021-02-26T21:13:55.749Z"
    )
    assert Message("1", b"", {}, 1000).publish_time == "1970-01-01T00:00:01.000Z"


@given(st.integers(0, 4_000_000_000_000))
def test_both_forms_of_the_publish_time_agree(milliseconds: int) -> None:
    """Law: the timestamp over gRPC and the text of a push are the same moment."""
    message = Message("1", b"x", {}, milliseconds)
    proto = message.proto().publish_time
    assert proto.seconds * 1000 + proto.nanos // 1_000_000 == milliseconds
    assert message.publish_time.replace(".000Z", "Z") == proto.ToJsonString()


def test_size_counts_bytes_of_data_and_attributes() -> None:
    """Law: flow control counts what crosses the wire, not characters."""
    assert Message("1", b"1234", {"ä": "bc"}, 0).size == 8


@pytest.mark.parametrize(
    ("data", "id_"),
    [
        (b'{"id": "order-1"}', "order-1"),
        (b'{"id": 7}', ""),
        (b'{"id": "cut', ""),
        (b"{" * 50_000, ""),
        (b'["id"]', ""),
        (b'{"id": "big"}' + b" " * (1 << 16), ""),
    ],
)
def test_fault_rules_see_job_id_and_attributes(data: bytes, id_: str) -> None:
    """Law: the detail names the job whatever the data is, and never raises."""
    detail = Message("1", data, {"kind": "edit"}, 0).detail()
    assert detail == f"id={id_} kind=edit"


def _one(**fields: object) -> list[Proto]:
    return [PubsubMessage(**({"data": b"x"} | fields))]


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        ([], "at least one message"),
        (_one(data=b""), "empty"),
        (_one() * 1001, "1000"),
        (_one(data=b"x" * 10_000_000), "10000000"),
        (_one(attributes={str(n): "" for n in range(101)}), "100 attributes"),
        (_one(attributes={"k" * 257: ""}), "256"),
        (_one(attributes={"k": "ä" * 513}), "1024"),
        (_one(attributes={"": "v"}), "empty"),
        (_one(attributes={"googx": "v"}), "'goog'"),
        (_one(ordering_key="k" * 1025), "ordering key"),
    ],
)
def test_limits_of_a_publish_are_kept(request_: list[Proto], names: str) -> None:
    """Law: what the service refuses is refused, and the text names the limit."""
    with pytest.raises(RefusedError) as refused:
        check(request_)
    assert names in refused.value.message


def test_messages_at_the_limits_pass() -> None:
    """Law: the limits themselves are allowed, and so are the clients' own keys."""
    check(_one() * messages.MAX_MESSAGES)
    check(_one(attributes={"k" * 256: "v" * 1024}, data=b""))
    check(_one(attributes={"googclient_traceparent": "00-1-2-01"}))
    check(_one(data=b"x" * 9_999_900))
