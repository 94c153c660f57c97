"""Makes the table of topics and subscriptions in whichever Pub/Sub stands there.

The law: everything goes through the real client, so our emulator and Google's are
set up by the same calls; what exists already is kept, with the messages it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from google.api_core import exceptions
from google.protobuf.duration_pb2 import Duration
from google.pubsub_v1.types import (
    DeadLetterPolicy,
    ExpirationPolicy,
    ModifyPushConfigRequest,
    PushConfig,
    RetryPolicy,
    Subscription,
    Topic,
)

from functions.local import topology
from functions.local.state import NoStackError

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.local.client import Neighbours
    from functions.local.topology import Push

_CALL: Final = 5.0  # s

# What Google's emulator 0.8 leaves out; `up` says so when it is used.
GOOGLE_LACKS: Final = (
    "no OIDC token on pushes, no deliveryAttempt in their body, no CloudEvent headers,"
    " filters are not applied, its holds keep a week, its clock cannot be stepped"
)


class NoPubSubError(NoStackError):
    """Pub/Sub does not answer."""


def make_topics(neighbours: Neighbours, *, foreign: bool = False) -> None:
    """Make every topic, its dead-letter topic, and the hold on that.

    Raises:
        NoPubSubError: nothing answers at the emulator's address.

    """
    project = neighbours.place.project
    kept = topology.WEEK if foreign else topology.MONTH  # Google's knows no month
    for topic in topology.TOPICS:
        dead = topology.topic_path(topology.dead(topic), project)
        for path in (topology.topic_path(topic, project), dead):
            create = neighbours.publisher.create_topic
            _unless_there(neighbours, create, Topic(name=path))
        hold = Subscription(
            name=topology.subscription_path(topology.hold(topic), project),
            topic=dead,
            ack_deadline_seconds=600,
            message_retention_duration=Duration(seconds=kept),
            expiration_policy=ExpirationPolicy(),  # never
        )
        _subscribe(neighbours, hold)


def make_push(neighbours: Neighbours, push: Push, url: str) -> None:
    """Make a push subscription, or point the one that is there to `url`."""
    project = neighbours.place.project
    config = PushConfig(
        push_endpoint=topology.endpoint(url, push.topic, project),
        oidc_token=PushConfig.OidcToken(
            service_account_email=topology.PUSH_IDENTITY, audience=url
        ),
    )
    wanted = Subscription(
        name=topology.subscription_path(push.name, project),
        topic=topology.topic_path(push.topic, project),
        push_config=config,
        ack_deadline_seconds=push.ack_deadline,
        message_retention_duration=Duration(seconds=push.retention),
        retry_policy=RetryPolicy(
            minimum_backoff=Duration(seconds=push.retry_least),
            maximum_backoff=Duration(seconds=push.retry_most),
        ),
        dead_letter_policy=DeadLetterPolicy(
            dead_letter_topic=topology.topic_path(topology.dead(push.topic), project),
            max_delivery_attempts=push.attempts,
        ),
        expiration_policy=ExpirationPolicy(),  # never
    )
    if not _subscribe(neighbours, wanted):
        neighbours.subscriber.modify_push_config(
            request=ModifyPushConfigRequest(
                subscription=wanted.name, push_config=config
            ),
            timeout=_CALL,
        )


def _subscribe(neighbours: Neighbours, wanted: Subscription) -> bool:
    return _unless_there(neighbours, neighbours.subscriber.create_subscription, wanted)


def _unless_there(
    neighbours: Neighbours, create: Callable[..., Any], wanted: Topic | Subscription
) -> bool:
    """Create it; False when it exists."""
    try:
        create(request=wanted, retry=None, timeout=_CALL)  # at once, or never
    except exceptions.AlreadyExists:
        return False
    except exceptions.GoogleAPICallError as error:
        raise NoPubSubError(
            f"Pub/Sub at {neighbours.place.pubsub} refused {wanted.name}"
            f" ({type(error).__name__}); if PUBSUB_EMULATOR_HOST is set, start that"
            " emulator or unset the variable to use Plantain's own."
        ) from error
    return True
