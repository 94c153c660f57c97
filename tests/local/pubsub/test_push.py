"""Pushes to a real endpoint, as it sees them."""

from __future__ import annotations

import base64
import socket
from typing import TYPE_CHECKING, Any

import pytest
from google.auth import jwt
from google.pubsub_v1 import types

from functions.local.faults import Action, Rule
from tests.local.pubsub.endpoint import HANG_UP, Endpoint, Push

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.pubsub.emulators import Local, Pubsub

DECODE: Any = jwt.decode  # the library has no types
EMAIL = "push@plantain.iam.gserviceaccount.com"
RETRY = {"minimum_backoff": {"seconds": 300}, "maximum_backoff": {"seconds": 600}}


def _then(first: int, later: int = 204) -> Callable[[int, Push], int]:
    return lambda number, _push: first if number == 1 else later


def _held(endpoint: Endpoint, count: int) -> None:
    endpoint.until(lambda: endpoint.held == count)


def test_a_push_is_acknowledged_by_its_status(pubsub: Pubsub) -> None:
    """Law: a wrapped body arrives once; 204 is an ack."""
    with Endpoint() as endpoint:
        topic, name = pubsub.pair(push_config={"push_endpoint": endpoint.url})
        published = pubsub.publish(topic, b"hi", a="b")
        (push,) = endpoint.arrived(1)
        body = push.json
        assert body["subscription"] == name
        assert body["message"]["messageId"] == published
        assert base64.b64decode(body["message"]["data"]) == b"hi"
        assert body["message"]["attributes"] == {"a": "b"}
        assert push.headers["content-type"] == "application/json"
        again = pubsub.publish(topic)
        assert endpoint.arrived(2)[1].message_id == again


@pytest.mark.parametrize("status", [500, 404, 302, HANG_UP])
def test_other_answers_are_nacks(pubsub: Pubsub, status: int) -> None:
    """Law: errors, redirects and lost connections are delivered again."""
    with Endpoint(_then(status)) as endpoint:
        topic, _ = pubsub.pair(push_config={"push_endpoint": endpoint.url})
        published = pubsub.publish(topic)
        assert [each.message_id for each in endpoint.arrived(2)] == [published] * 2


def test_a_push_proves_who_sent_it(pubsub: Pubsub, local: Local) -> None:
    """Law: the bearer verifies against the broker's keys, for its audience."""
    token = {"service_account_email": EMAIL, "audience": "https://f.example"}
    with Endpoint() as endpoint:
        push_config = {"push_endpoint": endpoint.url, "oidc_token": token}
        pubsub.publish(pubsub.pair(push_config=push_config)[0])
        scheme, _, bearer = (
            endpoint.arrived(1)[0].headers["authorization"].partition(" ")
        )
    assert scheme == "Bearer"
    certs = local.broker.certs()
    claims = DECODE(bearer, certs=certs, audience="https://f.example")
    assert claims["email"] == EMAIL


def test_a_push_carries_event_headers(pubsub: Pubsub) -> None:
    """Law: the endpoint's query asks for CloudEvent headers and arrives as it is."""
    query = "?__GCP_CloudEventsMode=CUSTOM_PUBSUB_projects%2Fp%2Ftopics%2Fx"
    trace = "00-0af7651916cd43dd8448eb211c80319c-00000000000000ff-01"
    with Endpoint() as endpoint:
        topic, _ = pubsub.pair(push_config={"push_endpoint": endpoint.url + query})
        published = pubsub.publish(topic, b"x", googclient_traceparent=trace)
        (push,) = endpoint.arrived(1)
    assert push.target == "/" + query
    assert push.headers["ce-id"] == published
    assert push.headers["ce-source"].endswith("/projects/p/topics/x")
    assert push.headers["traceparent"] == trace
    assert push.headers["from"] == "noreply@google.com"


def test_a_push_counts_its_attempts(pubsub: Pubsub) -> None:
    """Law: deliveryAttempt 1..5 with a dead-letter policy, then the dead letter."""
    dead, hold = pubsub.pair()
    with Endpoint(lambda *_: 503) as endpoint:
        topic, _ = pubsub.pair(
            push_config={"push_endpoint": endpoint.url},
            dead_letter_policy={"dead_letter_topic": dead, "max_delivery_attempts": 5},
        )
        pubsub.publish(topic, b"bad")
        found = [each.json["deliveryAttempt"] for each in endpoint.arrived(5)]
        assert found == [1, 2, 3, 4, 5]
        assert pubsub.one(hold).message.data == b"bad"


def test_pushes_run_beside_each_other_soon(own: Pubsub) -> None:
    """Law: by slow start 8, 16, 32 requests are in flight, without a failure more."""

    async def held(_number: int, _push: Push) -> int:
        return await endpoint.hold()

    endpoint = Endpoint(held)
    with endpoint:
        topic, _ = own.pair(push_config={"push_endpoint": endpoint.url})
        for future in [own.publisher.publish(topic, b"x") for _ in range(88)]:
            future.result(20)
        for window in (8, 16, 32, 32):
            _held(endpoint, window)
            endpoint.release()
    assert len({each.message_id for each in endpoint.pushes}) == 88


def test_no_answer_within_the_deadline_is_a_nack(own: Pubsub, local: Local) -> None:
    """Law: at the ack deadline the request is cut and the message comes again."""

    async def first_held(_push: Push) -> int:
        return await endpoint.hold()

    with Endpoint(lambda n, p: first_held(p) if n == 1 else 204) as endpoint:
        push = {"push_endpoint": endpoint.url}
        topic, _ = own.pair(push_config=push, ack_deadline_seconds=600)
        published = own.publish(topic)
        endpoint.arrived(1)
        local.clock.step(590)
        assert endpoint.active == 1
        local.clock.step(11)
        assert endpoint.arrived(2)[1].message_id == published
        endpoint.until(lambda: endpoint.cut == 1)


def test_an_endpoint_that_is_down_gets_the_message_later(
    own: Pubsub, local: Local
) -> None:
    """Law: a refused connection is a nack with the policy's backoff."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        down = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        topic, name = own.pair(push_config={"push_endpoint": down}, retry_policy=RETRY)
        own.publish(topic)
        pusher = local.broker.subscription(name).pusher
        local.until(lambda: pusher.last == "ConnectError")
    with Endpoint() as endpoint:
        config = types.PushConfig(push_endpoint=endpoint.url)
        own.subscriber.modify_push_config(subscription=name, push_config=config)
        assert endpoint.pushes == []
        local.clock.step(301)
        endpoint.arrived(1)


def test_without_an_endpoint_a_subscription_is_pulled(pubsub: Pubsub) -> None:
    """Law: an empty push config makes a pull subscription with its backlog."""
    with Endpoint(lambda *_: 500) as endpoint:
        topic, name = pubsub.pair(push_config={"push_endpoint": endpoint.url})
        published = pubsub.publish(topic)
        endpoint.arrived(2)
        pubsub.subscriber.modify_push_config(
            subscription=name, push_config=types.PushConfig()
        )
        assert pubsub.one(name).message.message_id == published


@pytest.mark.parametrize(
    ("action", "status", "calls"),
    [
        ("status", 503, 1),
        ("drop", 503, 1),
        ("drop_after", 503, 2),
        ("drop_after", 204, 2),
        ("drop", 204, 1),
        ("status_after", 500, 2),
        ("status", 204, 0),
        ("status_after", 204, 1),
    ],
)
def test_faults_change_what_an_answer_means(
    own: Pubsub, local: Local, action: Action, status: int, calls: int
) -> None:
    """Law: an override stands for the answer; the endpoint is called or not."""
    rule = local.faults.add(Rule("push", action, status=status, contains="id=job-1"))
    with Endpoint() as endpoint:
        topic, name = own.pair(push_config={"push_endpoint": endpoint.url})
        own.publish(topic, b'{"id": "job-1"}')
        backlog = local.broker.subscription(name).backlog
        local.until(lambda: not len(backlog))
        own.publish(topic, b'{"id": "last"}')
        endpoint.arrived(calls + 1)
    assert rule.fired == 1
    assert len(endpoint.pushes) == calls + 1


def test_a_duplicate_is_two_requests_at_once(own: Pubsub, local: Local) -> None:
    """Law: the same message is in flight twice, with the same attempt."""
    rule = local.faults.add(Rule("push", "duplicate"))

    async def held(_push: Push) -> int:
        return await endpoint.hold()

    with Endpoint(lambda _n, p: held(p)) as endpoint:
        topic, _ = own.pair(push_config={"push_endpoint": endpoint.url})
        published = own.publish(topic)
        _held(endpoint, 2)
        endpoint.release()
    assert [each.message_id for each in endpoint.pushes] == [published] * 2
    assert rule.fired == 1


def test_a_delayed_push_waits_for_the_clock(own: Pubsub, local: Local) -> None:
    """Law: a delay runs on the emulator's clock."""
    rule = local.faults.add(Rule("push", "delay", seconds=300))
    with Endpoint() as endpoint:
        push = {"push_endpoint": endpoint.url}
        topic, _ = own.pair(push_config=push, ack_deadline_seconds=600)
        own.publish(topic)
        local.until(lambda: rule.fired)
        assert endpoint.pushes == []
        local.clock.step(301)
        endpoint.arrived(1)


def test_a_proxy_of_the_environment_is_not_used(
    own: Pubsub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law: pushes stay on this machine whatever HTTP_PROXY says."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Endpoint() as endpoint:
        topic, _ = own.pair(push_config={"push_endpoint": endpoint.url})
        own.publish(topic)
        endpoint.arrived(1)
