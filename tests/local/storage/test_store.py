"""Laws of the store: what was acknowledged is there after a restart or a kill."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from functions.clock import SystemClock
from functions.local.storage.conditions import Conditions, Target
from functions.local.storage.errors import ApiError
from functions.local.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.local.storage.notifications import Event
    from tests.local.storage.conftest import Emulator

_STEP = 1 << 18
_BYTES = random.Random(3).randbytes(4 * _STEP)  # noqa: S311  # not a secret
_REPOSITORY = Path(__file__).parents[3]
_SERVE = """
import asyncio, sys
from pathlib import Path
from functions.clock import SystemClock
from functions.local.serving import serve
from functions.local.storage.server import StorageApp

async def main():
    app = StorageApp(Path(sys.argv[1]), clock=SystemClock())
    app.create_bucket("pictures")
    server = await serve(app, port=int(sys.argv[2]))
    print(server.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def _start(root: Path, port: int = 0) -> tuple[subprocess.Popen[str], str]:
    child = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(root), str(port)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=_REPOSITORY,
    )
    assert child.stdout
    return child, child.stdout.readline().strip()


def _kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    assert child.stdout
    child.stdout.close()


def test_everything_survives_a_restart(emulator: Emulator) -> None:
    """Objects, metadata, buckets and notifications are there after a restart."""
    blob = emulator.bucket.blob("a/ü")
    blob.metadata = {"k": "v"}
    blob.upload_from_string(_BYTES, content_type="image/png")
    emulator.bucket.notification("topic", topic_project="demo-project").create()
    before = emulator.http.get("/storage/v1/b/pictures/o/a%2F%C3%BC").json()
    emulator.restart()
    assert emulator.http.get("/storage/v1/b/pictures/o/a%2F%C3%BC").json() == before
    assert emulator.bucket.blob("a/ü").download_as_bytes() == _BYTES
    assert len(list(emulator.bucket.list_notifications())) == 1


def test_kill_in_the_middle_of_an_upload(tmp_path: Path) -> None:
    """A kill -9 inside an upload: no object, no stray file, the finished one whole.

    A resumable session goes on after it from what was acknowledged.
    """
    child, url = _start(tmp_path)
    upload = f"{url}/upload/storage/v1/b/pictures/o?uploadType="
    with httpx.Client(timeout=20) as http:
        assert http.post(f"{upload}media&name=whole", content=_BYTES).is_success
        session = http.post(f"{upload}resumable&name=steps").headers["location"]
        span = {"content-range": f"bytes 0-{_STEP - 1}/*"}
        assert (
            http.put(session, content=_BYTES[:_STEP], headers=span).status_code == 308
        )
        _cut(f"{upload}media&name=cut", lambda: _grown(tmp_path, 2), child)
    port = httpx.URL(url).port or 0
    child, url = _start(tmp_path, port)
    try:
        with httpx.Client(timeout=20) as http:
            items = http.get(f"{url}/storage/v1/b/pictures/o").json()["items"]
            assert [item["name"] for item in items] == ["whole"]
            assert http.get(f"{url}/pictures/whole").content == _BYTES
            assert len(list((tmp_path / "blobs").iterdir())) == 2  # whole and steps
            end = len(_BYTES)
            span = {"content-range": f"bytes {_STEP}-{end - 1}/{end}"}
            done = http.put(session, content=_BYTES[_STEP:], headers=span)
            assert done.json()["size"] == str(end)
            assert http.get(f"{url}/pictures/steps").content == _BYTES
    finally:
        _kill(child)


def _grown(root: Path, others: int) -> bool:
    """Say whether a third file has begun to fill."""
    files = sorted((root / "blobs").iterdir(), key=lambda path: int(path.name))
    return len(files) > others and files[-1].stat().st_size >= _STEP


def _cut(url: str, begun: Callable[[], bool], child: subprocess.Popen[str]) -> None:
    def pieces() -> Iterator[bytes]:
        yield _BYTES[: 2 * _STEP]
        for _ in range(1000):
            if begun():
                break
            threading.Event().wait(0.01)
        _kill(child)
        yield _BYTES

    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
        httpx.post(url, content=pieces(), timeout=20)
    assert begun()


def test_a_failing_index_leaves_the_old_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the write to the index fails, the old object and its file stay."""
    told: list[Event] = []
    store = Store(tmp_path, SystemClock(), told.append)
    store.index.save_bucket({"name": "b"})
    old = _insert(store, b"old")
    monkeypatch.setattr(
        "functions.local.storage.index.Index.save", _disk_full, raising=True
    )
    with pytest.raises(OSError, match="disk full"):
        _insert(store, b"new")
    monkeypatch.undo()
    assert store.need(Target("b", "o")) == old
    with store.open(old) as file:
        assert file.read() == b"old"
    assert [event.type for event in told] == ["OBJECT_FINALIZE"]
    store.close()


def _disk_full(*_: object) -> None:
    raise OSError("disk full")


def _insert(store: Store, data: bytes) -> object:
    incoming = store.blobs.new()
    with incoming.appending() as write:
        write(data)
    return store.insert(Target("b", "o"), {}, incoming)


def test_threads_race_inside_one_store(tmp_path: Path) -> None:
    """The transaction, not the event loop, is what lets only one creator win."""
    store = Store(tmp_path, SystemClock(), lambda _: None)
    store.index.save_bucket({"name": "b"})
    target = Target("b", "o", Conditions(generation_match=0))
    barrier = threading.Barrier(8)
    won: list[int] = []
    lost: list[int] = []

    def create(number: int) -> None:
        incoming = store.blobs.new()
        with incoming.appending() as write:
            write(b"%d" % number)
        barrier.wait()
        try:
            store.insert(target, {}, incoming)
        except ApiError as error:
            lost.append(error.status)
        else:
            won.append(number)

    threads = [threading.Thread(target=create, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), lost) == (1, [412] * 7)
    store.close()
