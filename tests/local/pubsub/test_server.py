"""Starting and stopping on a port."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import pytest
from google.pubsub_v1 import types

from functions.clock import SystemClock
from functions.local.pubsub import Broker, serve
from functions.local.pubsub.server import _SCHEMA_METHODS

if TYPE_CHECKING:
    from tests.local.pubsub.emulators import Local, Pubsub


def test_a_port_that_we_serve_is_refused_at_once(local: Local) -> None:
    """Law: gRPC shares no port; the error names it and says what to do."""
    port = local.server.port

    async def second() -> None:
        broker = Broker(SystemClock())
        start = time.monotonic()
        with pytest.raises(OSError, match=f"port {port} of 127.0.0.1 is taken") as no:
            await serve(broker, port=port)
        assert time.monotonic() - start < 2
        assert "choose another port" in str(no.value)
        await broker.close()

    local.loop.run(second())


def test_grpc_would_have_shared_the_port(local: Local) -> None:
    """Law: the test above can fail: with gRPC's own default both servers start."""

    async def shared() -> bool:
        servers = [grpc.aio.server(), grpc.aio.server()]
        port = servers[0].add_insecure_port("127.0.0.1:0")
        await servers[0].start()
        both = servers[1].add_insecure_port(f"127.0.0.1:{port}") == port
        for server in servers:
            await server.stop(0)
        return bool(both)

    assert local.loop.run(shared())


def test_a_port_of_another_program_is_refused(local: Local) -> None:
    """Law: whoever listens there, the error is the same."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(OSError, match="is taken"):
            local.loop.run(serve(local.broker, port=other.getsockname()[1]))


def test_a_stopped_server_frees_its_port_and_may_come_back(
    local: Local, own: Pubsub
) -> None:
    """Law: with `keep_broker` an outage loses nothing; clients find it again."""
    topic, name = own.pair()
    published = own.publish(topic)
    port = local.server.port
    local.loop.run(local.server.stop(0, keep_broker=True))
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    local.server = local.loop.run(serve(local.broker, port=port))
    assert local.server.target == f"127.0.0.1:{port}"
    found = own.subscriber.pull(subscription=name, max_messages=1, timeout=20)
    assert found.received_messages[0].message.message_id == published


def test_stopping_cuts_open_streams_and_pushes(local: Local, own: Pubsub) -> None:
    """Law: stop returns soon whatever clients are doing, and leaves no task."""
    _, name = own.pair()
    future = own.subscriber.subscribe(name, lambda message: message.ack())
    local.until(lambda: len(local.broker.subscription(name)._outlets) == 2)
    start = time.monotonic()

    async def stop() -> set[asyncio.Task[object]]:
        await local.server.stop(0.1)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        left = {task for task in others if "pubsub" in repr(task)}
        return (await asyncio.wait(left, timeout=1))[1] if left else left

    assert local.loop.run(stop()) == set()
    assert time.monotonic() - start < 2
    future.cancel()
    future.result(20)


def _call(target: str, path: str) -> grpc.RpcError:
    with grpc.insecure_channel(target) as channel:
        call: Any = channel.unary_unary(path, None, None)
        with pytest.raises(grpc.RpcError) as no:
            call(b"", timeout=10)
    return no.value


@pytest.mark.parametrize(
    ("path", "feature"),
    [
        ("Subscriber/Seek", "seek"),
        ("Subscriber/CreateSnapshot", "snapshots"),
        ("Subscriber/GetSnapshot", "snapshots"),
        ("Subscriber/ListSnapshots", "snapshots"),
        ("Subscriber/UpdateSnapshot", "snapshots"),
        ("Subscriber/DeleteSnapshot", "snapshots"),
        ("Publisher/ListTopicSnapshots", "snapshots"),
        *((f"SchemaService/{method}", "schemas") for method in _SCHEMA_METHODS),
    ],
)
def test_what_is_left_out_says_so_by_name(
    local: Local, path: str, feature: str
) -> None:
    """Law: UNIMPLEMENTED names the feature, for every method of the services."""
    error: Any = _call(local.server.target, f"/google.pubsub.v1.{path}")
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert f"does not implement {feature}" in error.details()


def test_iam_policies_are_left_out_by_name(local: Local) -> None:
    """Law: the same for the IAM calls that the clients offer."""
    error: Any = _call(local.server.target, "/google.iam.v1.IAMPolicy/GetIamPolicy")
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "IAM policies" in error.details()


def test_the_clients_seek_fails_at_once(own: Pubsub) -> None:
    """Law: the real client shows the name and does not retry."""
    _, name = own.pair()
    with pytest.raises(Exception, match=r"does not implement seek \(Seek\)"):
        own.subscriber.seek(request=types.SeekRequest(subscription=name))
