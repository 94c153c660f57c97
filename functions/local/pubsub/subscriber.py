"""google.pubsub.v1.Subscriber: subscriptions, and taking messages from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1 import types

from functions.local.pubsub import acks, policy, rpc
from functions.local.pubsub.refusal import invalid
from functions.local.pubsub.resources import merged, page
from functions.local.pubsub.rpc import Method
from functions.local.pubsub.stream import streaming_pull

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import grpc

    from functions.local.pubsub.broker import Broker
    from functions.local.pubsub.message import Proto
    from functions.local.pubsub.subscription import Subscription

NAME: Final = "google.pubsub.v1.Subscriber"
ABSENT: Final = {
    "Seek": "seek (Seek)",
    **{
        method: f"snapshots ({method})"
        for method in (
            "CreateSnapshot",
            "GetSnapshot",
            "ListSnapshots",
            "UpdateSnapshot",
            "DeleteSnapshot",
        )
    },
}

_ListResponse: Final = types.ListSubscriptionsResponse.pb()
_PullResponse: Final = types.PullResponse.pb()


class Subscriber:
    """The methods of the service, each on the broker."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def create_subscription(self, request: Proto) -> Proto:
        """CreateSubscription."""
        return self._broker.add_subscription(request)

    async def get_subscription(self, request: Proto) -> Proto:
        """GetSubscription."""
        return self._broker.subscription(request.subscription).config

    async def update_subscription(self, request: Proto) -> Proto:
        """UpdateSubscription."""
        subscription = self._broker.subscription(request.subscription.name)
        changed = merged(
            subscription.config,
            request.subscription,
            request.update_mask,
            policy.FIXED,
        )
        return self._configure(subscription, changed)

    async def list_subscriptions(self, request: Proto) -> Proto:
        """ListSubscriptions."""
        found = [
            each.config
            for name, each in self._broker.subscriptions.items()
            if name.startswith(f"{request.project}/")
        ]
        subscriptions, token = page(found, request)
        return _ListResponse(subscriptions=subscriptions, next_page_token=token)

    async def delete_subscription(self, request: Proto) -> Proto:
        """DeleteSubscription."""
        self._broker.subscription(request.subscription).delete()
        del self._broker.subscriptions[request.subscription]
        return Empty()

    async def modify_push_config(self, request: Proto) -> Proto:
        """ModifyPushConfig; an empty one makes a pull subscription."""
        subscription = self._broker.subscription(request.subscription)
        changed = policy.Subscription()
        changed.CopyFrom(subscription.config)
        changed.push_config.CopyFrom(request.push_config)
        self._configure(subscription, changed)
        return Empty()

    async def acknowledge(self, request: Proto) -> Proto:
        """Acknowledge."""
        await acks.acknowledge(self._broker, request.subscription, request.ack_ids)
        return Empty()

    async def modify_ack_deadline(self, request: Proto) -> Proto:
        """ModifyAckDeadline."""
        await acks.extend(
            self._broker,
            request.subscription,
            request.ack_ids,
            request.ack_deadline_seconds,
        )
        return Empty()

    async def pull(self, request: Proto) -> Proto:
        """Pull; waits for a first message unless told to return at once."""
        subscription = self._broker.subscription(request.subscription)
        if request.max_messages <= 0:
            raise invalid("max_messages must be a positive number.")
        leases = await subscription.pull(
            request.max_messages, wait=not request.return_immediately
        )
        if leases:
            leases = await subscription.hand_over(leases)
        return _PullResponse(
            received_messages=[subscription.received(lease) for lease in leases]
        )

    async def streaming_pull(
        self,
        requests: AsyncIterator[Proto],
        write: Callable[[Proto], Awaitable[None]],
    ) -> None:
        """StreamingPull."""
        await streaming_pull(self._broker, requests, write)

    def _configure(self, subscription: Subscription, changed: Proto) -> Proto:
        full = policy.completed(changed)
        self._broker.check_subscription(full)
        subscription.configure(full)
        return full


def subscriber(broker: Broker) -> grpc.GenericRpcHandler[Proto, Proto]:
    """Return the service on `broker`."""
    it = Subscriber(broker)
    methods = {
        "CreateSubscription": Method(policy.Subscription, it.create_subscription),
        "GetSubscription": Method(
            types.GetSubscriptionRequest.pb(), it.get_subscription
        ),
        "UpdateSubscription": Method(
            types.UpdateSubscriptionRequest.pb(), it.update_subscription
        ),
        "ListSubscriptions": Method(
            types.ListSubscriptionsRequest.pb(), it.list_subscriptions
        ),
        "DeleteSubscription": Method(
            types.DeleteSubscriptionRequest.pb(), it.delete_subscription
        ),
        "ModifyPushConfig": Method(
            types.ModifyPushConfigRequest.pb(), it.modify_push_config
        ),
        "Acknowledge": Method(types.AcknowledgeRequest.pb(), it.acknowledge),
        "ModifyAckDeadline": Method(
            types.ModifyAckDeadlineRequest.pb(), it.modify_ack_deadline
        ),
        "Pull": Method(types.PullRequest.pb(), it.pull),
    }
    streaming = rpc.stream(types.StreamingPullRequest.pb(), it.streaming_pull)
    return rpc.service(NAME, methods, ABSENT, {"StreamingPull": streaming})
