"""Acknowledge and ModifyAckDeadline, for the unary calls and for streams.

An ack id of a lease that is over changes nothing; one that this service cannot have
made is refused, because a client that makes ids up has a defect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from functions.local.pubsub.backlog import ACK_ID
from functions.local.pubsub.refusal import invalid, on_demand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from functions.local.pubsub.broker import Broker

_MAX_DEADLINE: Final = 600

_T = TypeVar("_T")


def check_deadline(seconds: int, least: int = 0) -> None:
    """Refuse a deadline that no lease may have."""
    if not least <= seconds <= _MAX_DEADLINE:
        raise invalid(
            f"Invalid ack deadline given ({seconds} s): it must be"
            f" {least} to {_MAX_DEADLINE}."
        )


async def under_fault(
    broker: Broker, operation: str, detail: str, act: Callable[[], _T]
) -> _T:
    """Do `act` as a fault rule says, plainly if none does.

    Raises:
        RefusedError: the rule fails the call, before or after it was done.

    """
    rule = broker.faults.hit(operation, detail)
    if rule is None:
        return act()
    if rule.action in ("status", "drop"):
        raise on_demand(rule)
    if rule.action == "delay":
        await broker.timers.sleep(rule.seconds)
    result = act()
    if rule.action == "duplicate":
        act()
    if rule.action in ("status_after", "drop_after"):
        raise on_demand(rule)
    return result


def check_ids(ack_ids: Sequence[str]) -> None:
    """Refuse a call without ack ids, or with one that is none."""
    if not ack_ids:
        raise invalid("No ack ids specified.")
    for ack_id in ack_ids:
        if not ACK_ID.fullmatch(ack_id):
            raise invalid("You have passed an invalid ack ID to the service.")


async def acknowledge(broker: Broker, name: str, ack_ids: Sequence[str]) -> None:
    """Let messages go."""
    backlog = broker.subscription(name).backlog
    check_ids(ack_ids)

    def act() -> None:
        for ack_id in ack_ids:
            backlog.ack(ack_id)

    await under_fault(broker, "ack", _detail(broker, name, ack_ids), act)


async def extend(
    broker: Broker, name: str, ack_ids: Sequence[str], seconds: int
) -> None:
    """Move deadlines; 0 seconds gives the messages back for redelivery."""
    backlog = broker.subscription(name).backlog
    check_ids(ack_ids)
    check_deadline(seconds)

    def act() -> None:
        for ack_id in ack_ids:
            backlog.extend(ack_id, float(seconds))

    await under_fault(broker, "modack", _detail(broker, name, ack_ids), act)


def _detail(broker: Broker, name: str, ack_ids: Sequence[str]) -> str:
    messages = broker.subscription(name).backlog.find(ack_ids)
    return " ".join([name, *(message.detail() for message in messages)])
