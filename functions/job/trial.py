"""One paid call after another until it is decided: ask, judge, decide, keep.

The law: a call is in the record before it leaves, and no picture is visible before
the whole answer was judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.job import money, names, retry, settle
from functions.job.errors import FencedError, ReferenceRefusedError
from functions.job.order import mismatch
from functions.job.ports import Call
from functions.job.problem import Problem
from functions.job.record import Manifest, Picture, Record, Result, State
from functions.job.verdict import VerdictClass, judge
from functions.job.walk import Order, Step, Walk, intend

if TYPE_CHECKING:
    from functions.job.lease import Lease
    from functions.job.ports import Album, Answer, Reference, Stored
    from functions.job.verdict import Verdict


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one call came to."""

    record: Record  # the attempt closed, not yet written
    verdict: Verdict
    answer: Answer
    decision: retry.Decision
    mismatch: tuple[str, ...]


def work(walk: Walk, order: Order, lease: Lease) -> None:
    """Make the intended call and those that follow from it, and end the job."""
    try:
        references = _open(walk, order, lease)
    except ReferenceRefusedError as refused:
        problem = Problem(refused.field, refused.reason, str(refused))
        record = settle.withdrawn(lease.record)
        verdict = settle.refusal((problem,))
        settle.ended(walk, order, lease, record, retry.GiveUp(State.REFUSED), verdict)
        return
    walk.at(Step.OPENED)
    while True:
        judged = _once(walk, order, lease, references)
        if judged is None:
            return
        match judged.decision:
            case retry.Wait(seconds):
                walk.clock.wait(seconds)
                _begin(walk, order, lease, judged.record)
            case decision:
                verdict = judged.verdict.to_dict()
                settle.ended(walk, order, lease, judged.record, decision, verdict)
                return


def _open(walk: Walk, order: Order, lease: Lease) -> tuple[Reference, ...]:
    """Look at every reference before the call; a call not made is not counted."""
    try:
        return tuple(walk.references.open(i.uri) for i in order.request.images)
    except ReferenceRefusedError:
        raise
    except Exception:
        lease.write(settle.withdrawn)
        raise


def _begin(walk: Walk, order: Order, lease: Lease, record: Record) -> None:
    """Write down how the last call ended and that another follows."""
    attempts = (*record.attempts, intend(walk, order, record))
    lease.write(lambda r: record.but(until=r.until, attempts=attempts))


def _once(
    walk: Walk, order: Order, lease: Lease, references: tuple[Reference, ...]
) -> _Judged | None:
    """Make one call; None when it brought the picture and the job is done."""
    record = lease.record
    attempt = record.attempts[-1]
    prefix = names.pictures(record.id, attempt.fence, attempt.n)
    album = walk.albums(prefix, drafts=order.request.drafts)
    try:
        answer = _ask(walk, order, lease, references, album)
        judged = _judge(walk, order, lease, answer, album)
        if not isinstance(judged.decision, retry.Done):
            return judged
        stored = album.keep()
        walk.at(Step.KEPT)
    finally:
        album.drop()
    result = _result(order, judged, stored)
    record = judged.record.step("kept", walk.clock.now())
    manifest = Manifest(n=attempt.n, fence=attempt.fence, result=result)
    name = names.manifest(record.id, attempt.fence, attempt.n)
    if walk.objects.create(name, manifest.to_json()) is None:
        raise FencedError
    walk.at(Step.MANIFESTED)
    settle.done(walk, order, lease, record, result)
    return None


def _ask(
    walk: Walk,
    order: Order,
    lease: Lease,
    references: tuple[Reference, ...],
    album: Album,
) -> Answer:
    """Send the call and stream the answer; what publishing needs loads meanwhile."""
    now = walk.clock.now()
    call = Call(
        request=order.request,
        model=order.priced.model,
        references=references,
        timeout=min(walk.timing.model_call, order.run_ends - now),
    )
    walk.say("asked", job=order.request.id, model=call.model, route=walk.model.route)
    walk.at(Step.ASKED)
    walk.events.warm()
    answer = walk.model.ask(call, album, alive=lambda: lease.held)
    walk.at(Step.ANSWERED)
    if not lease.held:
        raise FencedError
    return answer


def _judge(
    walk: Walk, order: Order, lease: Lease, answer: Answer, album: Album
) -> _Judged:
    """Return what the answer means for the job; nothing is written yet."""
    pictures = album.pictures()
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
    )
    got = verdict.klass is VerdictClass.IMAGE
    wrong = mismatch(order.request, pictures[-1], order.priced.pixels) if got else ()
    record = _closed(walk, lease.record, verdict, answer)
    chances = retry.Chances(
        profile=walk.profile,
        now=walk.clock.now(),
        run_ends=order.run_ends,
        pause=walk.timing.repeat,
        jitter=walk.chance(),
    )
    decision = retry.decide(verdict, record, order.request, chances, wrong)
    walk.say(
        "judged",
        job=record.id,
        verdict=verdict.klass.value,
        reason=verdict.reason,
        decision=type(decision).__name__,
    )
    walk.at(Step.JUDGED)
    return _Judged(record, verdict, answer, decision, wrong)


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


def _result(order: Order, judged: _Judged, stored: tuple[Stored, ...]) -> Result:
    extra: dict[str, Any] = {}
    text = judged.answer.text if order.request.include_text else ""
    return Result(
        images=tuple(_picture(item) for item in stored),
        text=text,
        verdict=judged.verdict.to_dict(),
        model=judged.verdict.model_version or order.priced.model,
        mismatch=judged.mismatch,
        extra=extra,
    )


def _picture(stored: Stored) -> Picture:
    return Picture(
        uri=stored.uri,
        generation=stored.generation,
        content_type=stored.content_type,
        bytes=stored.size,
        crc32c=stored.crc32c,
        sha256=stored.sha256,
        width=stored.width,
        height=stored.height,
        c2pa=stored.c2pa,
        draft=stored.draft,
    )
