"""The two ways in which tests open a stream: the client's subscribe, and a bare one."""

from __future__ import annotations

import queue
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.cloud import pubsub_v1
from google.pubsub_v1 import types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.cloud.pubsub_v1.subscriber.message import Message

    from functions.local.pubsub.backlog import Lease
    from tests.local.pubsub.emulators import Local, Pubsub

WAIT = 30.0


@contextmanager
def subscribed(
    pubsub: Pubsub,
    subscription: str,
    callback: Callable[[Message], None],
    **flow: Any,  # passed on to FlowControl as they are
) -> Iterator[None]:
    future = pubsub.subscriber.subscribe(
        subscription,
        callback,
        flow_control=pubsub_v1.types.FlowControl(**flow),
        await_callbacks_on_shutdown=True,
    )
    try:
        yield
    finally:
        future.cancel()
        future.result(WAIT)


class Raw:
    """A bare stream: the test says every request and reads every response."""

    def __init__(self, pubsub: Pubsub, subscription: str, **first: object) -> None:
        self._requests: queue.Queue[types.StreamingPullRequest | None] = queue.Queue()
        start = {"subscription": subscription, "stream_ack_deadline_seconds": 60}
        self.say(**(start | first))
        transport = pubsub.subscriber.transport
        self._call = transport.streaming_pull(iter(self._requests.get, None))

    def say(self, **request: Any) -> None:  # fields of any type
        self._requests.put(types.StreamingPullRequest(request))

    def read(self) -> list[types.ReceivedMessage]:
        return list(next(self._call).received_messages)

    def code(self) -> grpc.StatusCode:
        with pytest.raises(grpc.RpcError) as ended:
            list(self._call)
        code = ended.value.code()
        assert isinstance(code, grpc.StatusCode)
        return code

    def end(self) -> None:
        self._requests.put(None)
        list(self._call)

    def cancel(self) -> None:
        self._call.cancel()
        self._requests.put(None)


def leases(local: Local, name: str) -> list[Lease]:
    return list(local.broker.subscription(name).backlog._leases.values())
