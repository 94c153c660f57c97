from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.job.errors import DamagedRecordError
from functions.job.record import Attempt, Manifest, Record, Result, State

BASE = {
    "schema": 1,
    "id": "j",
    "kind": "generate",
    "request_hash": "h",
    "created_at": 1,
}


def test_a_record_survives_its_object() -> None:
    """What is written is what is read, classes and states by their wire names."""
    attempt = Attempt(n=1, fence=1, route="r", model="m", started_at=1.0, klass="image")
    record = Record.model_validate(BASE).but(attempts=(attempt,), state=State.DONE)
    record = record.step("settled", 2.0)
    tree = json.loads(record.to_json())
    assert tree["schema"] == 1
    assert tree["attempts"][0]["class"] == "image"
    assert Record.from_json(record.to_json()) == record


def test_what_a_newer_release_wrote_is_carried_along() -> None:
    """An older release that takes over loses no field that it does not know."""
    tree = BASE | {"schema": 2, "novel": {"a": 1}, "attempts": []}
    again = json.loads(Record.from_json(json.dumps(tree).encode()).to_json())
    assert again["novel"] == {"a": 1}
    assert again["schema"] == 2


@given(st.binary(max_size=200))
def test_damage_is_named_and_nothing_else_is_raised(junk: bytes) -> None:
    """Whatever the bytes are, a record or one typed error comes out."""
    for kind in (Record, Manifest):
        with pytest.raises(DamagedRecordError) as caught:
            kind.from_json(junk)
        assert "earlier generations" in str(caught.value)


def test_the_ends_are_ends() -> None:
    """All states but the first two are terminal."""
    assert [s for s in State if not s.terminal] == [State.RUN, State.WAIT]


def test_an_attempt_is_open_until_it_has_an_end() -> None:
    """An end is a time."""
    attempt = Attempt(n=1, fence=1, route="r", model="m", started_at=1.0)
    assert attempt.open
    assert not attempt.but(ended_at=2.0).open


def test_a_manifest_holds_a_result() -> None:
    """A successor adopts exactly what the attempt brought."""
    manifest = Manifest(n=1, fence=2, result=Result(text="x"))
    assert Manifest.from_json(manifest.to_json()) == manifest
