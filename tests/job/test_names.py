"""Names stay in their place whatever the key, and never meet."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.job import names

_EVENTS = Path(__file__).parent.parent / "events"
_HOSTILE: list[str] = json.loads((_EVENTS / "hostile_names.json").read_text())["values"]
_FILE_SAFE = re.compile(r"[A-Za-z0-9/_.~-]+")
_ANY = st.one_of(st.sampled_from(_HOSTILE), st.text(), st.text(st.characters()))


def _all(job_id: str) -> dict[str, str]:
    return {
        "record": names.record(job_id),
        "request": names.request(job_id),
        "manifest": names.manifest(job_id, 3, 2),
        "sent": names.sent(job_id, job_id),
        "picture": names.picture(job_id, 3, 2, 0),
        "due": names.due(job_id, 1_763_660_000.0, 1),
        "poison": names.poison(job_id, 1_763_660_000.0),
    }


@given(_ANY)
def test_every_name_is_file_safe_and_short(job_id: str) -> None:
    """No key can put a control character, a step upwards or 1024 bytes in a name."""
    for name in _all(job_id).values():
        assert _FILE_SAFE.fullmatch(name)
        assert not {"", ".", ".."} & set(name.split("/"))
        assert len(name) < 200


@given(_ANY)
def test_every_name_stays_under_its_prefix(job_id: str) -> None:
    """The first steps of a name are ours, so one job never reaches another's."""
    h = names.job_hash(job_id)
    found = _all(job_id)
    assert re.fullmatch("[0-9a-f]{32}", h)
    for what in ("record", "request", "manifest", "sent"):
        assert found[what].startswith(f"jobs/{h}/")
    assert found["picture"] == f"{h}/a3-2/0"
    assert found["manifest"] == f"jobs/{h}/a3-2/manifest.json"
    assert found["due"] == f"due/20251120T1733/{h}-1"
    assert re.fullmatch("poison/20251120/[^/]+", found["poison"])


def test_two_keys_never_share_an_object() -> None:
    """Keys that look alike (NFC and NFD, spaces, case) are different jobs."""
    keys = {*_HOSTILE, "é.png", "e\u0301.png", "a", "A", "a ", " a", "~", "\udc80"}
    for what in _all("x"):
        assert len({_all(key)[what] for key in keys}) == len(keys)


@given(_ANY, _ANY)
def test_an_unsafe_id_never_poses_as_a_safe_one(one: str, two: str) -> None:
    """The stand-in of an unsafe id is no safe id, so the two cannot meet."""
    same = names.poison(one, 0.0) == names.poison(two, 0.0)
    assert same == (one == two)
    stand_in = names.poison(one + "/", 0.0).removeprefix("poison/19700101/")
    assert names.poison(stand_in, 0.0) != names.poison(one + "/", 0.0)


def test_a_safe_message_id_can_be_read_in_the_name() -> None:
    """A person finds the record of a message by the id that Pub/Sub shows."""
    assert names.poison("1215011316659232", 0) == "poison/19700101/1215011316659232"


def test_due_minutes_sort_like_time() -> None:
    """A listing up to now is everything that is due."""
    times = [0.0, 59.9, 60.0, 1_763_660_000.0, 1_763_670_000.0, 4e9]
    listed = [names.due_minute(at) for at in times]
    assert listed == sorted(listed)
    assert listed[0] == listed[1] != listed[2]


def test_an_outcome_has_one_event_id_and_outcomes_differ() -> None:
    """The id depends on job, type and occasion, and on nothing else."""
    occasions: list[str | int] = ["", 1, 2, "x"]
    made = [
        names.event_id(job, kind, of)
        for job, kind, of in itertools.product(
            ["a", "b", "ab"], ["done", "failed"], occasions
        )
    ]
    made += [names.poison_event_id("a"), names.poison_event_id("b")]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in made)
    assert names.event_id("a", "done") == names.event_id("a", "done", "")


def test_names_never_change_between_releases() -> None:
    """A new release finds the objects and repeats the event ids of the old one."""
    assert names.job_hash("order-4711") == "3baf10a681b8a21975b1eee21010fce6"
    assert names.event_id("order-4711", "t") == "606c62e53a2334e32a9a96a26b3844f0"
    assert names.poison_event_id("order-4711") == "14487f7f87202d978550732f1ab6409b"


@pytest.mark.parametrize(
    ("prefix", "name", "content_type", "expected"),
    [
        ("", "mug", "image/jpeg", "mug.jpg"),
        ("shop", "mug", "image/png", "shop/mug.png"),
        ("shop/2026/", "mug.v2", "image/webp", "shop/2026/mug.v2.webp"),
        ("", "mug.PNG", "image/jpeg", "mug.PNG"),
        ("", "mug.jpeg", "image/jpeg", "mug.jpeg"),
        ("", "mug", "text/html", "mug"),
        ("", None, "image/png", names.job_hash("a") + ".png"),
    ],
)
def test_a_copy_has_the_name_its_owner_wants(
    prefix: str, name: str | None, content_type: str, expected: str
) -> None:
    """The owner's name stays; a missing ending comes from the bytes, never unsafe."""
    assert names.destination("a", prefix, name, content_type) == expected
