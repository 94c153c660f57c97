"""A table of methods as a service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from google.pubsub_v1 import types

from functions.local.pubsub import rpc
from functions.local.pubsub.refusal import invalid

if TYPE_CHECKING:
    from tests.local.pubsub.emulators import Loop

Topic = types.Topic.pb()


async def _echo(request: Any) -> Any:  # a protobuf message
    if request.name == "no":
        raise invalid("name: not that one")
    return request


async def _ask(name: str, method: str) -> tuple[object, str]:
    server = grpc.aio.server()
    table = {"Echo": rpc.Method(Topic, _echo)}
    service = rpc.service("test.Service", table, {"Later": "time travel"})
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        encode: Any = Topic.SerializeToString
        call: Any = channel.unary_unary(
            f"/test.Service/{method}", encode, Topic.FromString
        )
        try:
            answer = await asyncio.wait_for(call(Topic(name=name)), 10)
        except grpc.aio.AioRpcError as error:
            return error.code(), str(error.details())
        finally:
            await server.stop(0)
    return None, answer.name


def test_answers_refusals_and_absent_methods(loop: Loop) -> None:
    """Law: a result is sent, a refusal keeps code and text, what is absent says so."""
    assert loop.run(_ask("yes", "Echo")) == (None, "yes")
    refused = loop.run(_ask("no", "Echo"))
    assert refused == (grpc.StatusCode.INVALID_ARGUMENT, "name: not that one")
    code, text = loop.run(_ask("yes", "Later"))
    assert code is grpc.StatusCode.UNIMPLEMENTED
    assert "time travel" in text
    code, _ = loop.run(_ask("yes", "Nonsense"))
    assert code is grpc.StatusCode.UNIMPLEMENTED


def test_an_absent_method_never_looks_at_its_request() -> None:
    """Law: a request that we have no type for is refused all the same."""
    service: Any = rpc.service("test.Service", {}, {"Later": "time travel"})
    details: Any = type("Call", (), {"method": "/test.Service/Later"})
    assert service.service(details).request_deserializer is None
