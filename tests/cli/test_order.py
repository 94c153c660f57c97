from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from functions.job.outcome import EventType
from tests.cli.conftest import shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions.local.running import RunningStack
    from tests.cli.conftest import Ran

JPEG = b"\xff\xd8\xff"


def test_a_picture_is_ordered_followed_and_saved(
    on: Callable[..., Ran], tmp_path: Path
) -> None:
    """The steps come with times, the gs:// name at the end, the file where asked."""
    out = tmp_path / "new" / "pear.jpg"
    ran = on("generate", "a pear", "--id", "saved", "--size", "1K", "--out", str(out))
    assert ran.code == 0, ran.err
    steps = [line.split()[2] for line in ran.out.splitlines() if " s  " in line]
    wanted = "published received claimed asked answered kept settled announced"
    assert steps == wanted.split()
    assert "gs://plantain-local-images/" in ran.out
    assert "1024x1024 image/jpeg" in ran.out
    assert out.read_bytes().startswith(JPEG)


def test_json_is_one_object_and_nothing_else(on: Callable[..., Ran]) -> None:
    """A script reads the event's data from stdout; people read stderr."""
    ran = on("generate", "a pear", "--id", "as-json", "--json", "--label", "a=b=c")
    assert ran.code == 0, ran.err
    found = ran.json()
    assert (found["id"], found["state"]) == ("as-json", "done")
    assert found["labels"] == {"a": "b=c"}
    assert found["images"][-1]["uri"].startswith("gs://")
    assert "settled" in ran.err


def test_the_same_order_twice_is_paid_once(
    on: Callable[..., Ran], stack: RunningStack
) -> None:
    """An id names one job: ordering it again shows the same picture, unpaid."""
    first = on("generate", "a pear", "--id", "twice", "--json")
    second = on("generate", "a pear", "--id", "twice", "--json")
    assert first.json() == second.json()
    assert stack.paid("twice") == 1


def test_another_order_under_the_same_id_is_refused(on: Callable[..., Ran]) -> None:
    """What stands under the id is not shown as if it were this order."""
    assert on("generate", "a pear", "--id", "taken").code == 0
    ran = on("generate", "a plum", "--id", "taken")
    assert ran.code == 3
    assert "new --id" in ran.out
    ran = on("generate", "a plum", "--id", "taken", "--json")
    assert ran.code == 3
    assert ran.json()["state"] == "conflict"


def test_a_refusal_says_what_to_change(on: Callable[..., Ran]) -> None:
    """Exit code 3, the reason and the change, on the terminal and in the object."""
    ran = on("generate", "a pear [[prohibited]]", "--id", "refused-1")
    assert ran.code == 3, ran.out
    assert "refused" in ran.out
    assert "change:" in ran.out
    ran = on("generate", "a pear", "--ratio", "17:3", "--json")
    assert ran.code == 3
    assert ran.json()["state"] == "refused"


def test_a_failure_has_its_own_code(on: Callable[..., Ran]) -> None:
    """A job that used its attempts up ends with 1 and Google's own word."""
    ran = on("generate", "a pear [[quota_zero]]", "--id", "failed-1")
    assert ran.code == 1, ran.out
    assert "failed" in ran.out
    assert "why:" in ran.out


def test_a_passed_deadline_is_over(on: Callable[..., Ran]) -> None:
    """Exit code 4: nobody wants it any more, nothing was paid."""
    ran = on("generate", "a pear", "--deadline", "2026-01-01T00:00:00Z")
    assert ran.code == 4, ran.out
    assert "expired" in ran.out


def test_a_timeout_leaves_the_job_alone(
    on: Callable[..., Ran], stack: RunningStack
) -> None:
    """Exit code 5 when the waiting is over; the job goes on and ends."""
    ran = on("generate", "a pear [[hold=slow]]", "--id", "slow", "--timeout", "0.5")
    assert ran.code == 5, ran.out
    assert "plantain status slow" in ran.out
    ran = on("status", "slow")
    assert ran.code == 5
    stack.model.holds.release("slow")
    stack.wait_record("slow")
    assert on("status", "slow").code == 0


def test_not_waiting_prints_the_id(on: Callable[..., Ran], stack: RunningStack) -> None:
    """--no-wait is for scripts: the id, or an object, and the job runs by itself."""
    ran = on("generate", "a pear", "--id", "by-itself", "--no-wait")
    assert (ran.code, ran.out) == (0, "by-itself\n")
    stack.wait_event("by-itself")
    ran = on("generate", "a pear", "--no-wait", "--json")
    found = ran.json()
    assert found["topic"] == "generate-requests"
    stack.wait_event(found["id"])


def test_an_edit_takes_a_file_and_an_address(
    on: Callable[..., Ran], stack: RunningStack, tmp_path: Path
) -> None:
    """A local picture travels inside the request, one in a bucket by its name."""
    made = on("generate", "a pear", "--json", "--out", str(tmp_path)).json()
    [file] = tmp_path.iterdir()
    assert (file.stem, file.suffix) == (made["id"], ".jpg")
    for image in (str(file), made["images"][-1]["uri"]):
        ran = on("edit", "make it blue", "--image", image, "--json")
        assert ran.code == 0, ran.err
        assert ran.json()["kind"] == "edit"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("generate", "  "), "prompt"),
        (("generate", "a", "--seed", "99999999999"), "seed"),
        (("generate", "a", "--thinking", "hard"), "thinking"),
        (("generate", "a", "--label", "nothing"), "K=V"),
        (("generate", "a", "--timeout", "-1"), "--timeout"),
        (("generate",), "PROMPT"),
        (("edit", "a"), "--image"),
        (("edit", "a", "--image", "nowhere.png"), "nowhere.png"),
    ],
)
def test_what_is_written_wrongly_is_never_ordered(
    on: Callable[..., Ran],
    stack: RunningStack,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    """Exit code 2, naming the option or field, before any message is published."""
    before = stack.model.meter.calls
    ran = on(*arguments)
    assert ran.code == 2, ran.out
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert stack.model.meter.calls == before


def test_without_a_stack_the_way_to_one_is_named(
    run: Callable[..., Ran], tmp_path: Path
) -> None:
    """Exit code 6, for people and as an object for scripts."""
    ran = run("generate", "a pear", "--state", str(tmp_path / "none"))
    assert ran.code == 6
    assert "plantain up" in ran.err
    ran = run("generate", "a", "--json", "--state", str(tmp_path / "none"))
    assert ran.json()["exit"] == 6


def test_a_file_that_cannot_be_written_does_not_lose_the_picture(
    on: Callable[..., Ran], tmp_path: Path
) -> None:
    """The job is done all the same, and its address is told."""
    (tmp_path / "file").write_text("")
    ran = on("generate", "a pear", "--out", str(tmp_path / "file" / "x.jpg"))
    assert ran.code == 1
    assert "the job is done" in ran.err
    assert "gs://" in ran.err


def test_the_real_process_behaves_as_the_tests_call_it(stack: RunningStack) -> None:
    """One object on stdout, exit code 0, from a shell, by the emulator variables."""
    state = str(stack.stack.state.root / "elsewhere")
    ran = shell("generate", "a", "--state", state, "--json", environ=stack.env())
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["state"] == "done"
    kinds = {event.type for event in stack.events(json.loads(ran.stdout)["id"])}
    assert kinds == {EventType.COMPLETED.value}
