"""gRPC plumbing: a table of methods becomes a service, without generated code.

A refusal becomes its status; a method that is left out says so by the name of its
feature, without looking at the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from functions.local.pubsub.refusal import RefusedError, unimplemented

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from functions.local.pubsub.message import Proto

    Unary = Callable[[Proto], Awaitable[Proto]]
    Streaming = Callable[
        [AsyncIterator[Proto], Callable[[Proto], Awaitable[None]]], Awaitable[None]
    ]


@dataclass(frozen=True, slots=True)
class Method:
    """One unary method: the type of its request and what it does."""

    request: Proto  # the protobuf class
    call: Unary


def _encode(message: Proto) -> bytes:
    return bytes(message.SerializeToString())


def _unary(method: Method) -> grpc.RpcMethodHandler[Proto, Proto]:
    async def handle(request: Proto, context: Proto) -> Proto:
        try:
            return await method.call(request)
        except RefusedError as refused:
            return await context.abort(refused.code, refused.message)

    return grpc.unary_unary_rpc_method_handler(
        handle,
        request_deserializer=method.request.FromString,
        response_serializer=_encode,
    )


def _absent(feature: str) -> grpc.RpcMethodHandler[Proto, Proto]:
    async def handle(_: bytes, context: Proto) -> Proto:
        refused = unimplemented(feature)
        return await context.abort(refused.code, refused.message)

    return grpc.unary_unary_rpc_method_handler(handle)


def stream(request: Proto, call: Streaming) -> grpc.RpcMethodHandler[Proto, Proto]:
    """Return the handler of one method that streams both ways."""

    async def handle(requests: AsyncIterator[Proto], context: Proto) -> None:
        try:
            await call(requests, context.write)
        except RefusedError as refused:
            await context.abort(refused.code, refused.message)

    return grpc.stream_stream_rpc_method_handler(
        handle, request_deserializer=request.FromString, response_serializer=_encode
    )


def service(
    name: str,
    methods: Mapping[str, Method],
    absent: Mapping[str, str],
    streams: Mapping[str, grpc.RpcMethodHandler[Proto, Proto]] | None = None,
) -> grpc.GenericRpcHandler[Proto, Proto]:
    """Return the handler of the service `name`."""
    table = {key: _unary(method) for key, method in methods.items()}
    table |= {key: _absent(feature) for key, feature in absent.items()}
    table |= streams or {}
    return grpc.method_handlers_generic_handler(name, table)
