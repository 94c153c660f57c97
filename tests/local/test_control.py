from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.local.stacks import alive, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local.conftest import Noting


@pytest.fixture
def door(noting: Noting) -> Iterator[httpx.Client]:
    base = f"{noting.stack.url('control')}/_control/"
    with httpx.Client(base_url=base, trust_env=False, timeout=20) as client:
        yield client


def test_it_tells_what_stack_json_tells(door: httpx.Client, noting: Noting) -> None:
    """The description over the wire is the one on disk."""
    assert door.get("stack").json() == noting.stack.stack.describe()
    assert door.get("meter").json() == noting.stack.meter()


def test_the_clock_can_be_stepped(door: httpx.Client, noting: Noting) -> None:
    """One step moves the file that everybody shares."""
    before = door.get("clock").json()["ahead"]
    assert door.post("clock", json={"step": 60}).json()["ahead"] == before + 60
    assert noting.stack.clock.offset() == before + 60


@pytest.mark.parametrize("emulator", ["storage", "pubsub", "model"])
def test_fault_rules_are_set_listed_and_forgotten(
    door: httpx.Client, noting: Noting, emulator: str
) -> None:
    """A rule set here is the emulator's own, and says how often it fired."""
    rule = {"operation": "nothing", "action": "status", "status": 500}
    [set_] = door.post(f"faults/{emulator}", json=rule).json()
    assert set_ | rule == set_
    assert set_["fired"] == 0
    assert noting.stack.stack.emulators.faults[emulator].report() == [set_]
    assert door.get(f"faults/{emulator}").json() == [set_]
    assert door.delete(f"faults/{emulator}").json() == []
    assert door.get(f"faults/{emulator}").json() == []


def test_a_function_can_be_killed(door: httpx.Client, noting: Noting) -> None:
    """Kill -9 by name; it comes back by itself, with the probe of its next life."""
    assert door.post("probe/edit", json={"probe": "kill:kept"}).json() == {"ok": True}
    pid = door.post("kill/edit").json()["killed"]
    wait_for(lambda: not alive(pid))
    wait_for(lambda: noting.stack.stack.child("edit").pid not in {pid, None})
    noting.stack.wait_ready("edit")
    noting.stack.publish({"id": "probe-control", "kind": "edit"})
    [note] = wait_for(lambda: noting.notes.of(id="probe-control"))
    assert note["environ"]["PLANTAIN_PROBE"] == "kill:kept"


def test_a_function_can_be_frozen_and_thawed(door: httpx.Client) -> None:
    """By name as well."""
    assert door.post("freeze/generate").status_code == 200
    assert door.post("thaw/generate").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("GET", "../x", None, 404),
        ("POST", "stack", None, 404),
        ("POST", "kill/paint", None, 409),
        ("POST", "clock", {"step": "far"}, 400),
        ("POST", "clock", {"step": True}, 400),
        ("POST", "clock", [1], 400),
        ("POST", "faults/model", {"operation": "x"}, 400),
        ("POST", "faults/model", {"operation": "x", "action": "drop", "y": 1}, 400),
        ("PUT", "faults/model", {}, 405),
        ("GET", "faults/paint", None, 404),
    ],
)
def test_wrong_orders_are_refused_by_name(
    door: httpx.Client, method: str, path: str, body: object, status: int
) -> None:
    """Each refusal is a sentence, none is a 500."""
    answer = door.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example:80"}, {"origin": "http://evil.example"}, {"host": "x"}],
)
def test_a_web_page_may_not_give_orders(
    door: httpx.Client, headers: dict[str, str]
) -> None:
    """Another host's name (rebinding) or an origin (a page's script) is refused."""
    answer = door.post("shutdown", headers=headers)
    assert answer.status_code == 403
    assert door.get("clock").status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b"x" * 100_000, b"\xff"])
def test_a_body_that_is_no_object_is_refused(door: httpx.Client, body: bytes) -> None:
    """Neither garbage nor a flood gets further than the door."""
    assert door.post("clock", content=body).status_code == 400
