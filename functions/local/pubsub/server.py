"""Serves a broker over gRPC on loopback.

A taken port is an error at once: gRPC's habit of sharing a port (SO_REUSEPORT) is
off, or two stacks would each get half of the messages.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

import grpc.aio

from functions.local.pubsub.publisher import publisher
from functions.local.pubsub.rpc import service
from functions.local.pubsub.subscriber import subscriber

if TYPE_CHECKING:
    from functions.local.pubsub.broker import Broker

_BYTES: Final = 20 << 20  # above the service's limit, which then answers by itself
_SCHEMA_METHODS: Final = (
    "CreateSchema",
    "GetSchema",
    "ListSchemas",
    "ListSchemaRevisions",
    "CommitSchema",
    "RollbackSchema",
    "DeleteSchemaRevision",
    "DeleteSchema",
    "ValidateSchema",
    "ValidateMessage",
)
_POLICY_METHODS: Final = ("SetIamPolicy", "GetIamPolicy", "TestIamPermissions")


class Server:
    """One broker on one port; made by `serve`."""

    def __init__(self, broker: Broker, server: grpc.aio.Server, host: str) -> None:
        self._broker = broker
        self._server = server
        self.host = host
        self.port = 0

    @property
    def target(self) -> str:
        """Return what PUBSUB_EMULATOR_HOST must say."""
        return f"{self.host}:{self.port}"

    async def start(self, port: int) -> None:
        """Return once calls are served."""
        try:
            self.port = self._server.add_insecure_port(f"{self.host}:{port}")
        except RuntimeError as error:
            raise OSError(
                errno.EADDRINUSE,
                f"port {port} of {self.host} is taken by another program, or is not"
                " this machine's: stop that program or choose another port",
            ) from error
        await self._server.start()

    async def stop(self, grace: float = 0.5, *, keep_broker: bool = False) -> None:
        """End calls that end within `grace` seconds, cut the others, return.

        The broker is closed as well, unless it is to be served again.
        """
        await self._server.stop(grace)
        if not keep_broker:
            await self._broker.close()


async def serve(broker: Broker, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Serve `broker` in the running loop; port 0 takes a free one.

    Raises:
        OSError: the port is taken (the message names it).

    """
    server = grpc.aio.server(
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", _BYTES),
            ("grpc.max_send_message_length", _BYTES),
        ]
    )
    schemas = {method: f"schemas ({method})" for method in _SCHEMA_METHODS}
    policies = {method: f"IAM policies ({method})" for method in _POLICY_METHODS}
    server.add_generic_rpc_handlers(
        (
            publisher(broker),
            subscriber(broker),
            service("google.pubsub.v1.SchemaService", {}, schemas),
            service("google.iam.v1.IAMPolicy", {}, policies),
        )
    )
    served = Server(broker, server, host)
    await served.start(port)
    return served
