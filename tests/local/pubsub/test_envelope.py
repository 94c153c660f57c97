"""Push bodies and headers, as the service and Eventarc send them."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from typing import TYPE_CHECKING

import pytest

from functions.local.pubsub import envelope, policy
from functions.local.pubsub.message import Message

if TYPE_CHECKING:
    from functions.local.pubsub.policy import Policy, Push

NAME = "projects/p/subscriptions/generate"
MODE = "?__GCP_CloudEventsMode=CUSTOM_PUBSUB_projects%2Fp%2Ftopics%2Fgenerate"
MESSAGE = Message("17", b"hi", {"a": "b"}, 1_614_374_035_749)


def _policy(url: str = "http://f/", **settings: object) -> tuple[Policy, Push]:
    config = policy.Subscription(name=NAME, push_config={"push_endpoint": url})
    for key, value in settings.items():
        getattr(config, key).MergeFrom(type(getattr(config, key))(**value))  # type: ignore[arg-type]
    found = policy.read(policy.completed(config))
    assert found.push is not None
    return found, found.push


def test_the_wrapped_body_is_the_services() -> None:
    """Law: both spellings of id and time, base64 data, no attempt without policy."""
    body = json.loads(envelope.body(MESSAGE, *_policy(), 3))
    assert body == {
        "message": {
            "attributes": {"a": "b"},
            "data": base64.b64encode(b"hi").decode(),
            "messageId": "17",
            "message_id": "17",
            "publishTime": "2021-02-26T21:13:55.749Z",
            "publish_time": "2021-02-26T21:13:55.749Z",
        },
        "subscription": NAME,
    }


def test_empty_fields_are_left_out_and_the_ordering_key_is_told() -> None:
    """Law: an attributes-only message has no data, as from the service."""
    bare = dataclasses.replace(MESSAGE, data=b"", attributes={}, ordering_key="k")
    inner = json.loads(envelope.body(bare, *_policy(), 1))["message"]
    assert "data" not in inner
    assert "attributes" not in inner
    assert inner["orderingKey"] == "k"


def test_the_attempt_is_told_only_with_a_dead_letter_policy() -> None:
    """Law: deliveryAttempt stands beside the message when there is a policy."""
    dead = {"dead_letter_topic": "projects/p/topics/dead"}
    body = json.loads(envelope.body(MESSAGE, *_policy(dead_letter_policy=dead), 3))
    assert body["deliveryAttempt"] == 3


def test_event_headers_follow_the_query_parameter() -> None:
    """Law: an endpoint with the mode gets CloudEvent headers, no other does."""
    found = envelope.headers(MESSAGE, *_policy("http://f/" + MODE))
    events = {key: value for key, value in found.items() if key.startswith("ce-")}
    assert events == {
        "ce-id": "17",
        "ce-source": "//pubsub.googleapis.com/projects/p/topics/generate",
        "ce-specversion": "1.0",
        "ce-time": "2021-02-26T21:13:55.749Z",
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
    }
    for url in ("http://f/", "http://f/?__GCP_CloudEventsMode=GCS_NOTIFICATION"):
        plain = envelope.headers(MESSAGE, *_policy(url))
        assert not [key for key in plain if key.startswith("ce-")]
        assert plain["user-agent"].startswith("APIs-Google")
        assert plain["from"] == "noreply@google.com"
        assert plain["accept"] == plain["content-type"] == "application/json"


def test_the_publishers_trace_is_passed_on() -> None:
    """Law: a trace in the message is the request's; without one, one is made."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-00000000000000ff-01"
    traced = dataclasses.replace(MESSAGE, attributes={envelope.TRACE_ATTRIBUTE: trace})
    found = envelope.headers(traced, *_policy())
    assert found["traceparent"] == trace
    cloud = "0af7651916cd43dd8448eb211c80319c/255;o=1"
    assert found["x-cloud-trace-context"] == cloud


@pytest.mark.parametrize("given", [None, "", "nonsense", "00-XYZ-1-01"])
def test_without_a_good_trace_a_new_one_is_made(given: str | None) -> None:
    """Law: each request has a trace of its own, always in the right form."""
    attributes = {} if given is None else {envelope.TRACE_ATTRIBUTE: given}
    message = dataclasses.replace(MESSAGE, attributes=attributes)
    made = {envelope.headers(message, *_policy())["traceparent"] for _ in range(2)}
    assert len(made) == 2
    assert all(re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", each) for each in made)


def test_an_unwrapped_push_is_the_data_alone() -> None:
    """Law: no_wrapper sends the bytes; metadata only when asked for."""
    settings = _policy(push_config={"no_wrapper": {}})
    assert envelope.body(MESSAGE, *settings, 1) == b"hi"
    found = envelope.headers(MESSAGE, *settings)
    assert found["content-type"] == "application/octet-stream"
    assert not [key for key in found if key.startswith("x-goog")]


def test_metadata_cannot_break_the_request() -> None:
    """Law: attributes become headers only where they are good and not our own."""
    attributes = {"a": "b", "host": "x", "Bad Key": "v", "line": "1\n2", "u": "ä"}
    message = dataclasses.replace(MESSAGE, attributes=attributes, ordering_key="k")
    settings = _policy(push_config={"no_wrapper": {"write_metadata": True}})
    found = envelope.headers(message, *settings)
    assert found["a"] == "b"
    assert found["x-goog-pubsub-message-id"] == "17"
    assert found["x-goog-pubsub-publish-time"] == "2021-02-26T21:13:55.749Z"
    assert found["x-goog-pubsub-subscription-name"] == NAME
    assert found["x-goog-pubsub-ordering-key"] == "k"
    assert not {"host", "Bad Key", "line", "u"} & set(found)
