from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from functions.clock import SystemClock
from functions.cloud.ledger import Ledger
from functions.cloud.media import Media
from functions.job.errors import CorruptedUploadError, NeighbourUnavailableError
from functions.local import topology
from functions.local.faults import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import World


def made(
    world: World, bucket: str = topology.STATE_BUCKET, budget: float = 5
) -> Ledger:
    media = Media(SystemClock(), url=world.settings().storage_url, budget=budget)
    return Ledger(media, bucket)


@pytest.fixture
def ledger(world: World) -> Iterator[Ledger]:
    found = made(world)
    yield found
    found._media.close()


def test_created_once_replaced_by_generation(world: World, ledger: Ledger) -> None:
    """A second creator and a stale writer are refused; nothing is overwritten."""
    name = f"test/{world.new_id()}"
    first = ledger.create(name, b"1")
    assert first
    assert ledger.create(name, b"other") is None
    second = ledger.replace(name, b"2", first)
    assert second
    assert second != first
    assert ledger.replace(name, b"3", first) is None
    assert ledger.read(name) == (b"2", second)


def test_what_is_not_there_is_none(world: World, ledger: Ledger) -> None:
    """Neither read nor replaced."""
    name = f"test/{world.new_id()}"
    assert ledger.read(name) is None
    assert ledger.replace(name, b"1", 12345) is None


@pytest.mark.parametrize("action", ["status_after", "drop_after", "status", "drop"])
def test_a_lost_reply_is_not_a_conflict(
    world: World, ledger: Ledger, action: str
) -> None:
    """Applied or not, our bytes stand once and count as ours: create and replace."""
    name = f"test/{world.new_id()}"
    ledger.read(name)
    for body in (b"1", b"2"):
        rule = world.stack.faults.storage.add(Rule("POST /upload", action))  # type: ignore[arg-type]
        found = ledger.read(name)
        written = (
            ledger.create(name, body)
            if found is None
            else ledger.replace(name, body, found[1])
        )
        assert written
        assert ledger.read(name) == (body, written)
        assert rule.fired == 1


def test_many_creators_have_one_winner(world: World, ledger: Ledger) -> None:
    """Sixteen at once, each with its own bytes."""
    name = f"test/{world.new_id()}"
    barrier, won = threading.Barrier(16), []

    def create(me: int) -> None:
        barrier.wait()
        if ledger.create(name, b"%d" % me) is not None:
            won.append(me)

    threads = [threading.Thread(target=create, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = ledger.read(name)
    assert found is not None
    assert [found[0]] == [b"%d" % me for me in won]


def test_a_store_that_stays_away_is_told_with_its_remedy(world: World) -> None:
    """Within the budget, as one error of ours that names the role."""
    away = made(world, budget=1)
    world.stack.faults.storage.add(Rule("POST /upload", "status", times=999))
    with pytest.raises(NeighbourUnavailableError, match="did not write a record"):
        away.create(f"test/{world.new_id()}", b"1")
    away._media.close()


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_bucket_that_is_closed_to_us_names_the_role(
    world: World, ledger: Ledger, verb: str
) -> None:
    """A 403 will not pass by itself; the operator reads what to give."""
    world.stack.faults.storage.add(Rule(verb, "status", times=999, status=403))
    with pytest.raises(NeighbourUnavailableError, match=r"roles/storage\.objectUser"):
        ledger.read("x") if verb == "GET" else ledger.create("x", b"1")


def test_bytes_that_changed_on_the_way_are_noticed(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the bucket confirms is compared with what was sent."""
    monkeypatch.setattr("functions.cloud.ledger._checksum", lambda _: "AAAAAA==")
    with pytest.raises(CorruptedUploadError):
        ledger.create("test/changed", b"1")


def test_a_bucket_that_does_not_exist_is_told(world: World) -> None:
    """A deployment's mistake, told as one."""
    wrong = made(world, bucket="not-there-bucket")
    with pytest.raises(NeighbourUnavailableError, match="'not-there-bucket' exists"):
        wrong.create("x", b"1")
    wrong._media.close()


def test_no_write_goes_without_a_precondition(world: World, ledger: Ledger) -> None:
    """The spy of the emulator sees a generation on every write."""
    storage = world.stack.stack.emulators.storage
    before = len(storage.writes)
    name = f"test/{world.new_id()}"
    generation = ledger.create(name, b"1")
    assert generation
    ledger.replace(name, b"2", generation)
    ours = [w for w in list(storage.writes)[before:] if w.name == name]
    assert len(ours) == 2
    assert all("ifGenerationMatch" in w.preconditions for w in ours)
