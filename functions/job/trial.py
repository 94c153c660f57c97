"""One paid call after another until it is decided: ask, judge, decide, keep.

The law: a call is in the record before it leaves, and no picture is visible before
the whole answer was judged.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.job import inputs, money, names, retry, settle
from functions.job.errors import (
    FencedError,
    ReferenceRefusedError,
    TryLaterError,
    UnsentError,
)
from functions.job.keep import keep, words
from functions.job.order import mismatch
from functions.job.ports import Call
from functions.job.verdict import VerdictClass, judge
from functions.job.walk import Step, intend

if TYPE_CHECKING:
    from functions.job.ports import Album, Answer, Reference
    from functions.job.record import Record
    from functions.job.verdict import Verdict
    from functions.job.walk import Held, Walk


@dataclass(frozen=True, slots=True)
class Judged:
    """What one call came to."""

    record: Record  # the attempt closed, not yet written
    verdict: Verdict
    answer: Answer
    decision: retry.Decision
    mismatch: tuple[str, ...]
    album: Album


def work(held: Held) -> None:
    """Make the intended call and those that follow from it, and end the job."""
    try:
        references = inputs.opened(held)
        held.walk.at(Step.OPENED)
        with contextlib.ExitStack() as albums:
            _work(held, references, albums)
    except ReferenceRefusedError as error:
        inputs.refused(held, error)
    except UnsentError as error:
        if error.refused is not None:
            inputs.refused(held, error.refused)
            return
        held.lease.write(settle.withdrawn)
        raise


def _work(
    held: Held, references: tuple[Reference, ...], albums: contextlib.ExitStack
) -> None:
    spare: Judged | None = None  # paid for, otherwise than ordered, not yet kept
    while True:
        judged = _once(held, references, albums)
        match judged.decision:
            case retry.Done():
                keep(held, judged, judged.record)
                return
            case retry.Wait(seconds):
                if judged.mismatch:
                    spare = judged
                else:
                    judged.album.drop()
                held.walk.clock.wait(seconds)
                _begin(held, judged.record)
            case _ if spare is not None:
                # Better a flagged picture than one that was paid for and lost.
                keep(held, spare, judged.record)
                return
            case decision:
                _end(held, judged, decision)
                return


def _end(held: Held, judged: Judged, decision: retry.Decision) -> None:
    # A refusal in prose has no other explanation than its words.
    prose = judged.verdict.klass is VerdictClass.REFUSED_TEXT
    text = words(held, judged.answer) if prose else ""
    verdict = judged.verdict.to_dict()
    settle.ended(held, judged.record, decision, verdict, text)


def _begin(held: Held, record: Record) -> None:
    """Write down how the last call ended and that another follows."""
    attempts = (*record.attempts, intend(held.walk, held.order, record))
    held.lease.write(lambda r: record.but(until=r.until, attempts=attempts))


def _once(
    held: Held, references: tuple[Reference, ...], albums: contextlib.ExitStack
) -> Judged:
    """Make one call and judge it; nothing of it is visible yet."""
    record = held.record
    attempt = record.attempts[-1]
    prefix = names.pictures(record.id, attempt.fence, attempt.n)
    album = held.walk.albums(prefix, drafts=held.order.request.drafts)
    albums.callback(album.drop)
    answer = _ask(held, references, album)
    return _judge(held, answer, album)


def _ask(held: Held, references: tuple[Reference, ...], album: Album) -> Answer:
    """Send the call and stream the answer; what publishing needs loads meanwhile."""
    walk, order, lease = held.walk, held.order, held.lease
    now = walk.clock.now()
    left = order.run_ends - now
    if left < walk.timing.call_least:
        lease.write(settle.withdrawn)
        raise TryLaterError("No time is left for a call in this run; none was made.")
    if now >= lease.record.until:
        lease.renew()  # we slept: whoever took the job over fences us here, unpaid
    call = Call(
        request=order.request,
        model=order.priced.model,
        references=references,
        timeout=min(walk.timing.model_call, left),
    )
    walk.say(
        "asked",
        job=order.request.id,
        model=call.model,
        route=walk.model.route,
        attempt=lease.record.attempts[-1].n,
        trace=order.trace,
    )
    walk.at(Step.ASKED)
    walk.events.warm()
    answer = walk.model.ask(call, album, alive=lambda: lease.held)
    walk.at(Step.ANSWERED)
    if not lease.held:
        raise FencedError
    return answer


def _judge(held: Held, answer: Answer, album: Album) -> Judged:
    """Return what the answer means for the job; nothing is written yet."""
    walk, order, pictures = held.walk, held.order, album.pictures()
    failure = answer.failure
    if failure is None and pictures:
        kind = pictures[-1].content_type
        failure = None if kind.startswith("image/") else "not_a_picture"
    verdict = judge(
        route=walk.model.route,
        status=answer.status,
        body=answer.body,
        failure=failure,
        pictures=len(pictures),
        now=walk.clock.now(),
        headers=answer.headers,
        withhold=(order.request.prompt or "", *walk.secrets),
    )
    got = verdict.klass is VerdictClass.IMAGE
    wrong = mismatch(order.request, pictures[-1], order.priced.pixels) if got else ()
    record = _closed(walk, held.record, verdict, answer)
    chances = retry.Chances(
        profile=walk.profile,
        now=walk.clock.now(),
        run_ends=order.run_ends,
        pause=walk.timing.repeat,
        call=walk.timing.call_least,
        jitter=walk.chance(),
    )
    decision = retry.decide(verdict, record, order.request, chances, wrong)
    walk.say(
        "judged",
        job=record.id,
        verdict=verdict.klass.value,
        reason=verdict.reason,
        decision=type(decision).__name__,
        trace=order.trace,
    )
    walk.at(Step.JUDGED)
    return Judged(record, verdict, answer, decision, wrong, album)


def _closed(walk: Walk, record: Record, verdict: Verdict, answer: Answer) -> Record:
    """Return the record with its last attempt ended as `verdict` says."""
    now = walk.clock.now()
    last = record.attempts[-1].but(
        ended_at=now,
        klass=verdict.klass.value,
        reason=verdict.reason,
        paid=money.paid(billable=verdict.billable),
    )
    record = record.but(attempts=(*record.attempts[:-1], last))
    if answer.sent_at is not None:
        record = record.step("asked", answer.sent_at)
    return record.step("answered", now)
