from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from functions.local.faults import Faults, Rule


def test_a_rule_hits_its_calls_and_no_others() -> None:
    """The nth matching call, so many times in a row, by prefix and by detail."""
    faults = Faults()
    rule = faults.add(Rule("PUT /upload", "status", nth=2, times=2, contains="job-1"))
    assert faults.hit("GET /upload", "job-1") is None
    assert faults.hit("PUT /upload/a", "job-2") is None
    hits = [faults.hit("PUT /upload/a", "job-1") for _ in range(4)]
    assert hits == [None, rule, rule, None]
    assert (rule.seen, rule.fired) == (4, 2)


def test_the_first_rule_that_is_due_decides() -> None:
    """A rule that is not due yet counts the call and lets the next one look."""
    faults = Faults()
    later = faults.add(Rule("push", "drop", nth=2))
    now = faults.add(Rule("push", "status"))
    assert [faults.hit("push"), faults.hit("push")] == [now, later]


def test_what_never_fired_is_told() -> None:
    """The report says of every rule what it saw, so that a test can refuse it."""
    faults = Faults()
    faults.add(Rule("push", "drop"))
    [told] = faults.report()
    assert (told["operation"], told["seen"], told["fired"]) == ("push", 0, 0)
    faults.clear()
    assert faults.report() == []
    assert faults.hit("push") is None


def test_many_threads_meet_a_rule_once() -> None:
    """A fault for one call hits one call, however many come at once."""
    faults = Faults()
    faults.add(Rule("push", "drop", nth=50))
    with ThreadPoolExecutor(8) as pool:
        hits = list(pool.map(lambda _: faults.hit("push"), range(100)))
    assert len([hit for hit in hits if hit is not None]) == 1
