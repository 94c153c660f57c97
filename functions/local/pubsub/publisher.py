"""google.pubsub.v1.Publisher: topics, and publishing to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

from functions.local.pubsub.acks import under_fault
from functions.local.pubsub.message import Message
from functions.local.pubsub.resources import DELETED_TOPIC, merged, page
from functions.local.pubsub.rpc import Method, service
from functions.local.pubsub.topic import FIXED, check_topic

if TYPE_CHECKING:
    from collections.abc import Iterable

    import grpc

    from functions.local.pubsub.broker import Broker
    from functions.local.pubsub.message import Proto

NAME: Final = "google.pubsub.v1.Publisher"
ABSENT: Final = {"ListTopicSnapshots": "snapshots (ListTopicSnapshots)"}

_PublishResponse: Final = types.PublishResponse.pb()
_ListTopicsResponse: Final = types.ListTopicsResponse.pb()
_ListNamesResponse: Final = types.ListTopicSubscriptionsResponse.pb()
_DetachResponse: Final = types.DetachSubscriptionResponse.pb()


class Publisher:
    """The methods of the service, each on the broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def create_topic(self, request: Proto) -> Proto:
        """CreateTopic."""
        return self._broker.add_topic(request)

    async def get_topic(self, request: Proto) -> Proto:
        """GetTopic."""
        return self._broker.topic(request.topic)

    async def update_topic(self, request: Proto) -> Proto:
        """UpdateTopic."""
        current = self._broker.topic(request.topic.name)
        changed = merged(current, request.topic, request.update_mask, FIXED)
        check_topic(changed)
        self._broker.topics[changed.name] = changed
        return changed

    async def list_topics(self, request: Proto) -> Proto:
        """ListTopics."""
        topics, token = page(_of(request.project, self._broker.topics), request)
        return _ListTopicsResponse(topics=topics, next_page_token=token)

    async def list_topic_subscriptions(self, request: Proto) -> Proto:
        """ListTopicSubscriptions."""
        self._broker.topic(request.topic)
        subscriptions = self._broker.subscriptions.values()
        found = [each.config for each in subscriptions]
        names, token = page(
            [config for config in found if config.topic == request.topic], request
        )
        return _ListNamesResponse(
            subscriptions=[config.name for config in names], next_page_token=token
        )

    async def delete_topic(self, request: Proto) -> Proto:
        """DeleteTopic; its subscriptions keep their backlog and lose their topic."""
        self._broker.topic(request.topic)
        del self._broker.topics[request.topic]
        for subscription in self._broker.subscriptions.values():
            if subscription.config.topic == request.topic:
                subscription.config.topic = DELETED_TOPIC
        return Empty()

    async def publish(self, request: Proto) -> Proto:
        """Publish."""
        broker, topic = self._broker, request.topic
        ids = await under_fault(
            broker,
            "publish",
            " ".join([topic, *(_detail(each) for each in request.messages)]),
            lambda: broker.accept(topic, request.messages),
        )
        return _PublishResponse(message_ids=ids)

    async def detach_subscription(self, request: Proto) -> Proto:
        """DetachSubscription."""
        self._broker.subscription(request.subscription).detach()
        return _DetachResponse()


def _of(project: str, topics: dict[str, Proto]) -> Iterable[Proto]:
    return [each for name, each in topics.items() if name.startswith(f"{project}/")]


def _detail(message: Proto) -> str:
    return Message("", message.data, message.attributes, 0).detail()


def publisher(broker: Broker) -> grpc.GenericRpcHandler[Proto, Proto]:
    """Return the service on `broker`."""
    it = Publisher(broker)
    methods = {
        "CreateTopic": Method(types.Topic.pb(), it.create_topic),
        "GetTopic": Method(types.GetTopicRequest.pb(), it.get_topic),
        "UpdateTopic": Method(types.UpdateTopicRequest.pb(), it.update_topic),
        "ListTopics": Method(types.ListTopicsRequest.pb(), it.list_topics),
        "ListTopicSubscriptions": Method(
            types.ListTopicSubscriptionsRequest.pb(), it.list_topic_subscriptions
        ),
        "DeleteTopic": Method(types.DeleteTopicRequest.pb(), it.delete_topic),
        "Publish": Method(types.PublishRequest.pb(), it.publish),
        "DetachSubscription": Method(
            types.DetachSubscriptionRequest.pb(), it.detach_subscription
        ),
    }
    return service(NAME, methods, ABSENT)
