"""One paid call after another until it is decided: ask, judge, decide, keep.

The law: a call is in the record before it leaves, and no picture is visible before
the whole answer was judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.job import money, names, retry, settle
from functions.job.errors import (
    FencedError,
    ReferenceRefusedError,
    TryLaterError,
)
from functions.job.order import mismatch
from functions.job.ports import Call
from functions.job.problem import Problem
from functions.job.record import Manifest, Picture, Record, Result, State
from functions.job.verdict import VerdictClass, judge
from functions.job.verdict_say import masked
from functions.job.walk import Step, intend

if TYPE_CHECKING:
    from functions.job.ports import Album, Answer, Priced, Reference, Stored
    from functions.job.verdict import Verdict
    from functions.job.walk import Held, Order, Walk


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one call came to."""

    record: Record  # the attempt closed, not yet written
    verdict: Verdict
    answer: Answer
    decision: retry.Decision
    mismatch: tuple[str, ...]


def work(held: Held) -> None:
    """Make the intended call and those that follow from it, and end the job."""
    try:
        references = _open(held)
    except ReferenceRefusedError as refused:
        problem = Problem(refused.field, refused.reason, str(refused))
        record = settle.withdrawn(held.record)
        verdict = settle.refusal((problem,))
        settle.ended(held, record, retry.GiveUp(State.REFUSED), verdict)
        return
    held.walk.at(Step.OPENED)
    while (judged := _once(held, references)) is not None:
        match judged.decision:
            case retry.Wait(seconds):
                held.walk.clock.wait(seconds)
                _begin(held, judged.record)
            case decision:
                # A refusal in prose has no other explanation than its words.
                prose = judged.verdict.klass is VerdictClass.REFUSED_TEXT
                text = _words(held.order, judged) if prose else ""
                verdict = judged.verdict.to_dict()
                settle.ended(held, judged.record, decision, verdict, text)
                return


def _open(held: Held) -> tuple[Reference, ...]:
    """Look at every reference before the call; a call not made is not counted."""
    images = held.order.request.images
    try:
        found = tuple(held.walk.references.open(image.uri) for image in images)
    except TryLaterError:
        held.lease.write(settle.withdrawn)
        raise
    _weigh(found, held.order.priced)
    return found


def _weigh(references: tuple[Reference, ...], priced: Priced) -> None:
    """Refuse what the model would refuse after it was sent."""
    for index, reference in enumerate(references):
        kind = reference.content_type
        if priced.input_types and kind not in priced.input_types:
            raise ReferenceRefusedError(
                "not_supported",
                f"the picture is {kind} by its bytes; send one of"
                f" {', '.join(priced.input_types)}",
                field=f"images[{index}]",
            )
    weight = sum(-(-reference.size // 3) * 4 for reference in references)
    if weight > priced.inline_most:
        raise ReferenceRefusedError(
            "too_large",
            f"the references are {weight:,} bytes in base64 and one request carries"
            f" {priced.inline_most:,}; send fewer or smaller pictures",
        )


def _begin(held: Held, record: Record) -> None:
    """Write down how the last call ended and that another follows."""
    attempts = (*record.attempts, intend(held.walk, held.order, record))
    held.lease.write(lambda r: record.but(until=r.until, attempts=attempts))


def _once(held: Held, references: tuple[Reference, ...]) -> _Judged | None:
    """Make one call; None when it brought the picture and the job is done."""
    walk, record = held.walk, held.record
    attempt = record.attempts[-1]
    prefix = names.pictures(record.id, attempt.fence, attempt.n)
    album = walk.albums(prefix, drafts=held.order.request.drafts)
    try:
        answer = _ask(held, references, album)
        judged = _judge(held, answer, album)
        if not isinstance(judged.decision, retry.Done):
            return judged
        stored = album.keep()
        walk.at(Step.KEPT)
    finally:
        album.drop()
    result = _result(held.order, judged, stored)
    kept = judged.record.step("kept", walk.clock.now())
    manifest = Manifest(n=attempt.n, fence=attempt.fence, result=result)
    name = names.manifest(record.id, attempt.fence, attempt.n)
    if walk.objects.create(name, manifest.to_json()) is None:
        raise FencedError
    walk.at(Step.MANIFESTED)
    settle.done(held, kept, result)
    return None


def _ask(held: Held, references: tuple[Reference, ...], album: Album) -> Answer:
    """Send the call and stream the answer; what publishing needs loads meanwhile."""
    walk, order, lease = held.walk, held.order, held.lease
    left = order.run_ends - walk.clock.now()
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


def _judge(held: Held, answer: Answer, album: Album) -> _Judged:
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
    grounding = dict(judged.answer.grounding)
    extra: dict[str, Any] = {"grounding": grounding} if grounding else {}
    text = _words(order, judged) if order.request.include_text else ""
    return Result(
        images=tuple(_picture(item) for item in stored),
        text=text,
        verdict=judged.verdict.to_dict(),
        model=judged.verdict.model_version or order.priced.model,
        mismatch=judged.mismatch,
        extra=extra,
    )


def _words(order: Order, judged: _Judged) -> str:
    """Return the model's own words, without the prompt that they may quote."""
    secret = (order.request.prompt or "",)
    lines = judged.answer.text.splitlines()
    return "\n".join(masked(line, secret) for line in lines)


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
