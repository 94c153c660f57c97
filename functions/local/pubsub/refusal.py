"""What the service says no to, with the gRPC code and the sentence a client shows.

Every refusal names the resource, field or feature; none repeats a message's content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc

if TYPE_CHECKING:
    from functions.local.faults import Rule

_CODES: Final = {  # the HTTP status of a fault rule, as gRPC says it
    400: grpc.StatusCode.INVALID_ARGUMENT,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


class RefusedError(Exception):
    """A call that the service does not do."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def not_found(name: str) -> RefusedError:
    """Return the refusal of a name that nothing has."""
    return RefusedError(
        grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={_last(name)})."
    )


def taken(name: str) -> RefusedError:
    """Return the refusal of a name that something has already."""
    return RefusedError(
        grpc.StatusCode.ALREADY_EXISTS,
        f"Resource already exists in the project (resource={_last(name)}).",
    )


def invalid(message: str) -> RefusedError:
    """Return the refusal of an argument."""
    return RefusedError(grpc.StatusCode.INVALID_ARGUMENT, message)


def precondition(message: str) -> RefusedError:
    """Return the refusal of a call that this resource does not take."""
    return RefusedError(grpc.StatusCode.FAILED_PRECONDITION, message)


def unimplemented(feature: str) -> RefusedError:
    """Return the refusal of a feature that this emulator leaves out."""
    return RefusedError(
        grpc.StatusCode.UNIMPLEMENTED,
        f"The local Pub/Sub does not implement {feature}: Plantain does not use it."
        " Leave it out, or point PUBSUB_EMULATOR_HOST at Google's own emulator.",
    )


def on_demand(rule: Rule) -> RefusedError:
    """Return the refusal that a fault rule asks for; UNAVAILABLE unless it says."""
    code = grpc.StatusCode.UNAVAILABLE
    if rule.action in ("status", "status_after"):
        code = _CODES.get(rule.status, code)
    return RefusedError(code, f"fault on demand: {rule.operation} {rule.action}")
