"""A picture in hand: made visible, written down, and settled.

The law: the manifest comes after the pictures and before the end, so a successor
either finds all of it or asks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions.job import names, settle
from functions.job.errors import FencedError
from functions.job.record import Manifest, Picture, Result
from functions.job.verdict_say import masked
from functions.job.walk import Step

if TYPE_CHECKING:
    from functions.job.ports import Answer, Stored
    from functions.job.record import Record
    from functions.job.trial import Judged
    from functions.job.walk import Held


def keep(held: Held, best: Judged, record: Record) -> None:
    """Keep the pictures of `best` and end the job; `record` has every call closed."""
    walk, attempt = held.walk, best.record.attempts[-1]
    stored = best.album.keep()
    walk.at(Step.KEPT)
    result = _result(held, best, stored)
    kept = record.step("kept", walk.clock.now())
    manifest = Manifest(n=attempt.n, fence=attempt.fence, result=result)
    name = names.manifest(record.id, attempt.fence, attempt.n)
    if walk.objects.create(name, manifest.to_json()) is None:
        raise FencedError
    walk.at(Step.MANIFESTED)
    settle.done(held, kept, result)


def _result(held: Held, judged: Judged, stored: tuple[Stored, ...]) -> Result:
    order = held.order
    grounding = dict(judged.answer.grounding) if order.request.search else {}
    extra: dict[str, Any] = {"grounding": grounding} if grounding else {}
    text = words(held, judged.answer) if order.request.include_text else ""
    return Result(
        images=tuple(_picture(item) for item in stored),
        text=text,
        verdict=judged.verdict.to_dict(),
        model=judged.verdict.model_version or order.priced.model,
        mismatch=judged.mismatch,
        extra=extra,
    )


def words(held: Held, answer: Answer) -> str:
    """Return the model's own words, without the prompt that they may quote."""
    secrets = (held.order.request.prompt or "", *held.walk.secrets)
    lines = answer.text.splitlines()
    return "\n".join(masked(line, secrets) for line in lines)


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
