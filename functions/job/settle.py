"""How a job ends: one write that carries its result and everything to be told.

The law: the record says how it ended before anybody is told, and what will be told
stands in that same write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.job import money, names, outcome, retry
from functions.job.record import Manifest, Outgoing, Record, Result, State

if TYPE_CHECKING:
    from functions.job.problem import Problem
    from functions.job.record import Attempt
    from functions.job.walk import Held, Order


def done(held: Held, record: Record, result: Result) -> None:
    """End the job with its pictures; `record` has the last attempt closed."""
    _end(held, record.but(state=State.DONE, result=result))


def adopted(held: Held, manifest: Manifest) -> None:
    """End the job with what an earlier attempt brought, and withdraw the new one."""
    record = withdrawn(held.record)
    attempts = tuple(_as_adopted(a, manifest) for a in record.attempts)
    record = record.but(attempts=attempts).step("adopted", held.walk.clock.now())
    done(held, record, manifest.result)


def unpaid(held: Held, decision: retry.Decision) -> None:
    """End the job, or park it, without a call of this holder."""
    record = held.record
    if held.order.problems:
        verdict = refusal(held.order.problems)
    elif record.attempts:
        last = record.attempts[-1]
        verdict = {"class": last.klass, "reason": last.reason}
    else:
        verdict = {}
    ended(held, record, decision, verdict)


def ended(
    held: Held,
    record: Record,
    decision: retry.Decision,
    verdict: dict[str, Any],
    text: str = "",
) -> None:
    """End or park the job as `decision` says, with `verdict` as the reason."""
    result = Result(verdict=verdict, model=held.order.priced.model, text=text)
    record = record.but(result=result)
    match decision:
        case retry.GiveUp(state, reason, attention):
            if reason:
                record = _because(record, reason)
            _end(held, record.but(state=state), attention=attention)
        case retry.Defer(due, _):
            _end(held, record.but(state=State.WAIT, due=due))
        case _:  # Hold
            parked = _because(record, "hold").but(state=State.WAIT, due=None)
            _end(held, parked, attention=True)


def refusal(problems: tuple[Problem, ...]) -> dict[str, Any]:
    """Return the verdict of a request that was refused before anything was paid."""
    first = problems[0]
    return {
        "class": "bad_request",
        "retry": "change_request",
        "billable": False,
        "reason": first.reason,
        "field": first.field,
        "change": "; ".join(f"{p.field}: {p.message}" for p in problems),
        "evidence": "request",
    }


def withdrawn(record: Record) -> Record:
    """Return the record without the call that was intended and never made."""
    if record.attempts and record.attempts[-1].open:
        return record.but(attempts=record.attempts[:-1])
    return record


def _as_adopted(attempt: Attempt, manifest: Manifest) -> Attempt:
    """Return the attempt with the end that its own holder could not write."""
    if attempt.n != manifest.n or attempt.fence != manifest.fence:
        return attempt
    return attempt.but(klass="image", reason="adopted", paid="yes")


def _because(record: Record, reason: str) -> Record:
    """Return the record with why it ended beside the verdict that led to it."""
    result = record.result or Result()
    verdict = {**result.verdict, "ended_by": reason}
    return record.but(result=result.but(verdict=verdict))


def _end(held: Held, record: Record, *, attention: bool = False) -> None:
    record = record.step("settled", held.walk.clock.now()).but(until=0.0)
    outbox = _outbox(held, record, attention=attention)
    held.lease.write(lambda _: record.but(outbox=outbox))
    held.walk.say(
        "settled",
        job=record.id,
        state=record.state.value,
        attempts=len(record.attempts),
        verdict=record.result.verdict.get("class", "") if record.result else "",
        trace=record.trace,
    )


def _outbox(held: Held, record: Record, *, attention: bool) -> tuple[Outgoing, ...]:
    """Return what has to follow: first the copy, then whoever is told of it."""
    order = held.order
    extra: dict[str, Any] = {
        "cost": money.cost(record.attempts, order.priced.price),
        "warnings": order.priced.warnings,
        "due": outcome.stamp(record.due) if record.due is not None else "",
    }
    copy = _copy(order, record)
    uri = held.walk.address(names.record(record.id))
    parked = record.state is State.WAIT and record.due is None
    told = outcome.event(record, order.request, uri=uri, extra=extra)
    items = [copy] if copy is not None else []
    # A hold announces nothing to the sender's systems: nothing has ended yet.
    items += [] if parked else [told]
    if attention:
        data = outcome.EventData.model_validate(told.data)
        items.append(outcome.outgoing(outcome.EventType.ATTENTION, record, data))
    return tuple(items)


def _copy(order: Order, record: Record) -> Outgoing | None:
    destination = order.request.destination
    if destination is None or record.state is not State.DONE or not record.result:
        return None
    picture = record.result.images[-1]
    name = names.destination(
        record.id, destination.prefix, destination.name, picture.content_type
    )
    return Outgoing(
        id=names.event_id(record.id, "copy"),
        kind="copy",
        at=record.steps[-1].at,
        data={
            "bucket": destination.bucket,
            "name": name,
            "picture": picture.model_dump(mode="json"),
        },
    )
