from __future__ import annotations

from functions.job import settle
from functions.job.problem import Problem
from functions.job.record import Attempt, Manifest, Record, Result


def record(*attempts: Attempt) -> Record:
    return Record(
        id="j", kind="generate", request_hash="h", created_at=1.0, attempts=attempts
    )


def test_a_refusal_names_every_field_with_its_remedy() -> None:
    """One verdict for all problems: the first is the reason, all are told."""
    problems = (Problem("a", "first", "do this"), Problem("b", "second", "do that"))
    verdict = settle.refusal(problems)
    assert verdict["reason"] == "first"
    assert verdict["field"] == "a"
    assert verdict["change"] == "a: do this; b: do that"
    assert verdict["billable"] is False


def test_only_a_call_that_never_left_is_withdrawn() -> None:
    """What has an end stays in the record for ever."""
    ended = Attempt(n=1, fence=1, route="r", model="m", started_at=1, ended_at=2)
    open_ = Attempt(n=2, fence=1, route="r", model="m", started_at=1)
    assert settle.withdrawn(record(ended, open_)).attempts == (ended,)
    assert settle.withdrawn(record(ended)).attempts == (ended,)
    assert settle.withdrawn(record()).attempts == ()


def test_only_the_adopted_call_gets_the_end_that_its_holder_could_not_write() -> None:
    """Another lost call stays unknown beside it."""
    lost = Attempt(n=1, fence=1, route="r", model="m", started_at=1, ended_at=2)
    kept = lost.but(n=2, fence=2)
    manifest = Manifest(n=2, fence=2, result=Result())
    found = [settle._as_adopted(a, manifest) for a in (lost, kept)]
    assert [(a.reason, a.paid) for a in found] == [("", "unknown"), ("adopted", "yes")]
