from __future__ import annotations

from google.pubsub_v1 import types
from hypothesis import given
from hypothesis import strategies as st

from functions.cloud.protobuf import publish_request

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(TEXT, st.binary(max_size=40_000), st.dictionaries(TEXT, TEXT, max_size=12))
def test_googles_own_types_read_it_back(
    topic: str, data: bytes, attributes: dict[str, str]
) -> None:
    """Every length of every field, in any script."""
    found = types.PublishRequest.deserialize(publish_request(topic, data, attributes))
    (message,) = found.messages
    assert found.topic == topic
    assert message.data == data
    assert dict(message.attributes) == attributes


def test_text_that_is_no_text_is_still_published() -> None:
    """A lone surrogate becomes a question mark, not an exception."""
    found = types.PublishRequest.deserialize(publish_request("t", b"", {"a": "\ud800"}))
    assert dict(found.messages[0].attributes) == {"a": "?"}
