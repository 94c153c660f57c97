"""What subscription settings mean, and which are refused."""

from __future__ import annotations

import pytest

from functions.local.pubsub import policy
from functions.local.pubsub.refusal import RefusedError

NAME = "projects/p/subscriptions/sub"
DEAD = "projects/p/topics/dead"


def _read(**settings: object) -> policy.Policy:
    config = policy.Subscription(**({"name": NAME, "topic": "t"} | settings))
    return policy.read(policy.completed(config))


def test_defaults_are_the_services() -> None:
    """Law: 10 s to acknowledge, 7 days kept, no backoff, no dead letter, no push."""
    found = _read()
    assert found.ack_deadline == 10
    assert found.retention == 7 * 86_400
    assert found.backoff is None
    assert (found.dead_letter, found.push) == ("", None)
    config = policy.completed(policy.Subscription(name=NAME))
    assert config.expiration_policy.ttl.seconds == 31 * 86_400


def test_an_empty_expiration_policy_means_never() -> None:
    """Law: a policy without ttl stays without ttl."""
    config = policy.completed(policy.Subscription(name=NAME, expiration_policy={}))
    assert config.HasField("expiration_policy")
    assert not config.expiration_policy.HasField("ttl")


def test_backoff_doubles_from_least_to_most() -> None:
    """Law: the delay is minimum x 2^(n-1), never above the maximum."""
    retry = {"minimum_backoff": {"seconds": 1}, "maximum_backoff": {"seconds": 4}}
    found = _read(retry_policy=retry)
    assert [found.delay(n) for n in (1, 2, 3, 4, 5000)] == [1, 2, 4, 4, 4]
    assert _read(retry_policy={}).backoff == (10, 600)
    assert _read().delay(9) == 0


def test_a_dead_letter_policy_counts_five_unless_told() -> None:
    """Law: 0 attempts means the service's default."""
    found = _read(dead_letter_policy={"dead_letter_topic": DEAD})
    assert (found.dead_letter, found.max_attempts) == (DEAD, 5)


def test_push_settings_are_read() -> None:
    """Law: the audience is the endpoint unless it is set; the mode is decoded."""
    endpoint = (
        "http://h:1/?__GCP_CloudEventsMode=CUSTOM_PUBSUB_projects%2Fp%2Ftopics%2Ft"
    )
    push = {"push_endpoint": endpoint, "oidc_token": {"service_account_email": "a@b"}}
    found = _read(push_config=push).push
    assert found == policy.Push(
        endpoint,
        account="a@b",
        audience=endpoint,
        events_mode="CUSTOM_PUBSUB_projects/p/topics/t",
    )
    token = {"service_account_email": "a@b", "audience": "aud"}
    named = _read(push_config={"push_endpoint": endpoint, "oidc_token": token}).push
    assert named is not None
    assert named.audience == "aud"


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"name": "sub"}, "name=sub"),
        ({"ack_deadline_seconds": 5}, "ack_deadline_seconds given (5)"),
        ({"ack_deadline_seconds": 601}, "ack_deadline_seconds"),
        ({"labels": {"A": "b"}}, "labels"),
        ({"message_retention_duration": {"seconds": 599}}, "retention"),
        ({"message_retention_duration": {"seconds": 32 * 86_400}}, "retention"),
        ({"expiration_policy": {"ttl": {"seconds": 3600}}}, "expiration_policy.ttl"),
        ({"dead_letter_policy": {"dead_letter_topic": "dead"}}, "name=dead"),
        (
            {
                "dead_letter_policy": {"dead_letter_topic": DEAD}
                | {"max_delivery_attempts": 2}
            },
            "max_delivery_attempts given (2)",
        ),
        ({"retry_policy": {"minimum_backoff": {"seconds": 601}}}, "minimum_backoff"),
        ({"retry_policy": {"maximum_backoff": {"seconds": 1}}}, "above"),
        ({"filter": "attributes.a > 1"}, "Invalid filter: unexpected"),
        ({"push_config": {"push_endpoint": "ftp://h/"}}, "push endpoint"),
        ({"push_config": {"push_endpoint": "http:///x"}}, "push endpoint"),
        ({"push_config": {"push_endpoint": "http://h:99999/"}}, "push endpoint"),
        ({"push_config": {"attributes": {"x": "y"}}}, "push_config.attributes"),
        (
            {"push_config": {"push_endpoint": "http://h/", "oidc_token": {}}},
            "service_account_email",
        ),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, object], names: str) -> None:
    """Law: what a project would refuse is refused, and the text names the field."""
    with pytest.raises(RefusedError) as refused:
        _read(**settings)
    assert refused.value.code.name == "INVALID_ARGUMENT"
    assert names in refused.value.message


@pytest.mark.parametrize(
    ("settings", "feature"),
    [
        ({"enable_message_ordering": True}, "message ordering"),
        ({"enable_exactly_once_delivery": True}, "exactly-once delivery"),
        ({"message_transforms": [{}]}, "message transforms"),
        ({"tags": {"a": "b"}}, "tags"),
        ({"bigquery_config": {"table": "t"}}, "BigQuery"),
        ({"cloud_storage_config": {"bucket": "b"}}, "Cloud Storage subscriptions"),
        ({"bigtable_config": {"table": "t"}}, "Bigtable"),
    ],
)
def test_absent_features_are_refused_by_name(
    settings: dict[str, object], feature: str
) -> None:
    """Law: nothing that has no effect here is accepted silently."""
    with pytest.raises(RefusedError) as refused:
        _read(**settings)
    assert refused.value.code.name == "UNIMPLEMENTED"
    assert feature in refused.value.message
