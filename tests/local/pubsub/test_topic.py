"""Topic settings that are refused."""

from __future__ import annotations

import pytest
from google.pubsub_v1 import types

from functions.local.pubsub.refusal import RefusedError
from functions.local.pubsub.topic import check_topic

Topic = types.Topic.pb()


@pytest.mark.parametrize(
    ("settings", "code", "names"),
    [
        ({"schema_settings": {"schema": "s"}}, "UNIMPLEMENTED", "schemas"),
        ({"kms_key_name": "k"}, "UNIMPLEMENTED", "keys"),
        ({"message_transforms": [{}]}, "UNIMPLEMENTED", "message transforms"),
        ({"tags": {"a": "b"}}, "UNIMPLEMENTED", "tags"),
        ({"ingestion_data_source_settings": {}}, "UNIMPLEMENTED", "import topics"),
        ({"labels": {"A": "b"}}, "INVALID_ARGUMENT", "labels"),
        (
            {"message_retention_duration": {"seconds": 60}},
            "INVALID_ARGUMENT",
            "retention",
        ),
    ],
)
def test_settings_without_effect_or_sense_are_refused(
    settings: dict[str, object], code: str, names: str
) -> None:
    """Law: a setting works, or is refused by name."""
    with pytest.raises(RefusedError) as refused:
        check_topic(Topic(name="projects/p/topics/t", **settings))
    assert refused.value.code.name == code
    assert names in refused.value.message


def test_good_settings_pass() -> None:
    """Law: labels and retention within the bounds are taken."""
    check_topic(Topic(labels={"a": "b"}, message_retention_duration={"seconds": 600}))
