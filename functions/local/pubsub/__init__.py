"""Pub/Sub on one machine: the real wire protocol, in memory, on a steppable clock.

The laws of the real service that the product rests on are kept: at least once, leases
with deadlines, backoff, dead letters, pushes. What the product does not use answers
UNIMPLEMENTED by name, never half.
"""

from __future__ import annotations

from functions.local.pubsub.broker import Broker
from functions.local.pubsub.server import Server, serve

__all__ = ["Broker", "Server", "serve"]
