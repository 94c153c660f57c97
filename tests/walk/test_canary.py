"""The canary sees what it should: every mark, every dress, every place."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from functions.local import topology
from tests import canary, taps
from tests.canary import MARKS, PICTURE, PROMPT, QUERY, WATCH, Book
from tests.walk.laws import check_done, eventually, new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.local.running import RunningStack
    from tests.world import World

ROOT = Path(__file__).parents[2]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


def _encoded(
    before: int, encode: Callable[[bytes], bytes] = base64.b64encode
) -> Callable[[str], str]:
    return lambda mark: encode(b"\xff" * before + mark.encode() + b"\xfe").decode()


DRESSES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper": str.upper,
    "hex": lambda mark: mark.encode().hex(),
    "HEX": lambda mark: mark.encode().hex().upper(),
    "quoted": lambda mark: quote(f"?sig={mark}&x"),
    "percent": lambda mark: "".join(f"%{byte:02X}" for byte in mark.encode()),
    "escaped": lambda mark: "".join(f"\\u{byte:04x}" for byte in mark.encode()),
    "quoted in bytes": lambda mark: repr(mark.encode()),
    **{f"base64 behind {n} bytes": _encoded(n) for n in range(4)},
    **{
        f"urlsafe behind {n} bytes": _encoded(n, base64.urlsafe_b64encode)
        for n in range(4)
    },
}


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_is_known_in_every_dress(mark: str, dress: str) -> None:
    """Whatever encoder it passed, and with whatever before and behind it."""
    book = Book()
    said = f"line\nsaid {DRESSES[dress](MARKS[mark])} and more\n"
    book.scan("channel", "place", said.encode())
    (finding,) = book.findings
    assert (finding.mark, finding.line) == (mark, 2)
    assert str(finding).startswith(f"channel: place, line 2: the marked {mark}")


def test_an_unmarked_picture_is_known_by_its_length() -> None:
    """Bytes of a picture's middle hold no mark; nothing else we write is so long."""
    book = Book()
    book.scan("log", "x", base64.b64encode(bytes(range(256)) * 2))
    assert [finding.mark for finding in book.findings] == [canary.RUN]
    book.scan("object name", "x", "x" * 1_024)
    assert len(book.findings) == 1


def test_what_is_allowed_is_counted_and_the_rest_is_quiet() -> None:
    """Hashes, ids and words pass; a mark in its own place is no finding."""
    book = Book()
    book.scan("log", "x", {"sha256": "0f" * 32, "job": "canary", "key": "bird"})
    book.scan("request.json", "x", PROMPT, may=("prompt",))
    assert book.findings == []
    assert book.allowed["request.json", "prompt"] == 1


def test_a_marked_picture_is_a_picture_still() -> None:
    """The mark stands where decoders look past it, the same each time."""
    plain = base64.b64decode(PIXEL)
    once = canary.marked_picture(plain)
    assert PICTURE.encode() in once[:100]
    assert canary.marked_picture(plain) == once
    assert canary.marked_picture(b"no picture") == b"no picture"


def test_orders_are_marked_and_broken_ones_stay_broken() -> None:
    """The same order gets the same marks; what is no prompt is left alone."""
    order = {"prompt": "[[noise=1K]] p", "images": [{"uri": "https://h/x?a=1"}, 5]}
    found: Any = canary.marked(order)
    assert found == canary.marked(order)
    assert found["prompt"] == f"{PROMPT} [[noise=1K]] p {PROMPT}"
    assert found["images"] == [{"uri": f"https://h/x?a=1&sig={QUERY}"}, 5]
    assert PROMPT.encode() in bytes(canary.marked(b'{"prompt": "p"}'))  # type: ignore[arg-type]
    for broken in (b'{"prompt": "p"', b'{"prompt": 1}', b'{"a": "p", "prompt": "p"}'):
        assert canary.marked(broken) == broken
    for odd in ({"prompt": ""}, {"prompt": 7}, {"prompt": "x" * 32_000}):
        assert canary.marked(odd) == odd


def _plant(world: World, secret: str) -> None:
    """Leave a secret in every place that a walk in this process can write to."""
    walk = world.walk()
    walk.say("planted", why=secret)
    walk.events.publish(f'{{"a": "{secret}"}}'.encode(), {"ce-id": "x"})
    walk.events.publish(b"{}", {"ce-id": secret})
    walk.objects.create(f"jobs/{world.new_id()}/record.json", secret.encode())
    bucket = world.stack.neighbours.storage.bucket(topology.IMAGES_BUCKET)
    bucket.blob(f"{world.new_id()}/{secret}").upload_from_string(b"x")
    noted = bucket.blob(f"{world.new_id()}/noted")
    noted.metadata = {"note": secret}
    noted.upload_from_string(b"x")
    noted.metadata = {"late": secret}
    noted.patch()
    bucket.copy_blob(noted, bucket, f"copy-of-{secret}")


@pytest.mark.parametrize("mark", MARKS)
def test_every_tap_sees_what_is_planted(world: World, mark: str) -> None:
    """Logs, events, attributes, objects, names and metadata: none goes unseen."""
    with WATCH.apart() as book:
        _plant(world, MARKS[mark])
    seen = [(finding.channel, finding.mark) for finding in book.findings]
    for channel, times in (
        ("log line", 1),
        ("event", 1),
        ("attributes of a message", 1),
        ("state object", 1),
        ("object name", 4),
    ):
        assert seen.count((channel, mark)) == times, book.report()


@pytest.mark.parametrize("mark", MARKS)
def test_a_planted_line_in_a_log_is_found(
    stack: RunningStack, tmp_path: Path, mark: str
) -> None:
    """File, line and mark are named; the same files without it are clean."""
    copy = tmp_path / "state"
    shutil.copytree(
        stack.stack.state.root, copy, ignore=shutil.ignore_patterns("storage")
    )
    log = copy / "logs" / "generate.log"
    with WATCH.apart() as book:
        taps.files(copy)
        assert book.findings == []
        log.parent.mkdir(exist_ok=True)
        with log.open("a") as file:
            file.write(f"a line\nTraceback: {MARKS[mark]}\n")
        line = log.read_text().count("\n")
        taps.files(copy)
    assert [(f.where, f.line, f.mark) for f in book.findings] == [
        (str(log), line, mark)
    ]


def test_the_whole_way_of_an_order_is_looked_at(stack: RunningStack) -> None:
    """The marks went in, came to the picture and the stored order, and nowhere else."""
    job = new_id("canary")
    with WATCH.apart() as book:
        stack.publish(
            {
                "id": job,
                "kind": "edit",
                "prompt": "a canary",
                "images": [{"uri": f"data:image/png;base64,{PIXEL}"}],
            }
        )
        record = check_done(stack, job)
        assert eventually(lambda: book.scanned["answer of a door"])
        taps.files(stack.stack.state.root)
    assert book.findings == [], book.report()
    for place in ("order", "request.json"):
        assert book.allowed[place, "prompt"]
        assert book.allowed[place, "picture"]
    assert book.allowed["picture", "picture"]
    assert stack.stack.emulators.model._key == MARKS["key"]
    assert record.result is not None
    for channel in (
        "answer of a door",
        "attributes of a message",
        "event",
        "log of a function",
        "object name",
        "state object",
    ):
        assert book.scanned[channel], channel


def test_a_finding_fails_the_run_and_names_itself(tmp_path: Path) -> None:
    """Every test may be green: the run is red, and says where."""
    case = tmp_path / "test_planted.py"
    case.write_text(
        "from tests.canary import KEY, scan\n"
        "def test_green():\n"
        "    scan('log of a function', 'generate.log', f'one\\ntwo {KEY}')\n"
    )
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", str(case), "-p", "tests.conftest"),
            *("-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=60,
    )
    assert "1 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "generate.log, line 2: the marked key (plain)" in ran.stdout
    assert ran.returncode == pytest.ExitCode.TESTS_FAILED
