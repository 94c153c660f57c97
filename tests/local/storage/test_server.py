"""Laws of the whole: faults on the wire, counts, errors, methods, connections."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from google.api_core import exceptions
from google.cloud.storage.retry import DEFAULT_RETRY

from functions.local.faults import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions.local.faults import Action
    from tests.local.storage.conftest import Emulator

_STEP = 1 << 18
_BYTES = random.Random(5).randbytes(3 * _STEP + 77)  # noqa: S311  # not a secret
_OBJECT = "/storage/v1/b/pictures/o/a"
_QUICK = DEFAULT_RETRY.with_delay(initial=0.01, maximum=0.05)


@pytest.mark.parametrize("chunk", [1, 2, 4])
@pytest.mark.parametrize("action", ["status", "status_after", "drop", "drop_after"])
def test_the_client_recovers_an_upload(
    emulator: Emulator, action: Action, chunk: int
) -> None:
    """A lost or failed chunk, first, middle or last, costs nothing: bytes are right."""
    rule = emulator.faults.add(Rule("PUT /upload/storage", action, nth=chunk))
    with emulator.bucket.blob("a").open(
        "wb", chunk_size=_STEP, if_generation_match=0, retry=_QUICK
    ) as file:
        file.write(_BYTES)
    assert rule.fired == 1
    assert emulator.bucket.blob("a").download_as_bytes() == _BYTES


@pytest.mark.parametrize("action", ["drop", "drop_after"])
@pytest.mark.parametrize("size", [3, 1 << 20])
def test_a_drop_is_a_lost_connection(
    emulator: Emulator, action: Action, size: int
) -> None:
    """Not one byte of an answer comes; `drop` did nothing, `drop_after` did it all."""
    rule = emulator.faults.add(Rule("POST /upload", action))
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
        emulator.http.post(
            "/upload/storage/v1/b/pictures/o?uploadType=media&name=a",
            content=_BYTES * (size // len(_BYTES)) or b"abc",
        )
    assert rule.fired == 1
    assert emulator.names() == (["a"] if action == "drop_after" else [])


@pytest.mark.parametrize(("action", "names"), [("status", []), ("status_after", ["a"])])
def test_a_status_is_answered_instead(
    emulator: Emulator, action: Action, names: list[str]
) -> None:
    """`status` did nothing, `status_after` did it; both answer Google's error shape."""
    emulator.faults.add(Rule("POST /upload", action, status=502, contains="name=a"))
    answer = emulator.http.post(
        "/upload/storage/v1/b/pictures/o?uploadType=media&name=a", content=_BYTES
    )
    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == 502
    assert emulator.names() == names


def test_a_delay_waits_on_the_clock(emulator: Emulator) -> None:
    """A delayed request is answered once the clock was stepped, others at once."""
    emulator.put("a")
    rule = emulator.faults.add(Rule("GET", "delay", seconds=60, contains="slow"))
    answers: list[int] = []
    url = f"{emulator.url}{_OBJECT}?slow"
    asking = threading.Thread(target=lambda: answers.append(httpx.get(url).status_code))
    asking.start()
    _until(lambda: rule.fired == 1)
    assert emulator.http.get(_OBJECT).status_code == 200
    assert answers == []
    emulator.clock.step(61)
    asking.join(10)
    assert answers == [200]


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


def test_a_fault_that_storage_has_not_says_so(emulator: Emulator) -> None:
    """`duplicate` is the broker's: here it is a 501, not silence."""
    emulator.faults.add(Rule("GET", "duplicate"))
    assert emulator.http.get(_OBJECT).status_code == 501


def test_lost_reply_of_a_create(emulator: Emulator) -> None:
    """The client repeats and gets a 412 although the stored bytes are its own."""
    rule = emulator.faults.add(Rule("POST /upload", "drop_after"))
    with pytest.raises(exceptions.PreconditionFailed):
        emulator.put("a", b"mine", if_generation_match=0, retry=_QUICK)
    assert rule.fired == 1
    assert emulator.bucket.blob("a").download_as_bytes() == b"mine"


def test_lost_reply_of_a_delete(emulator: Emulator) -> None:
    """The client repeats and gets a 404: its own delete had happened."""
    blob = emulator.put("a")
    rule = emulator.faults.add(Rule("DELETE", "drop_after"))
    with pytest.raises(exceptions.NotFound):
        blob.delete(retry=_QUICK)
    assert rule.fired == 1
    assert emulator.names() == []


def test_lost_reply_of_a_write_without_condition(emulator: Emulator) -> None:
    """It happens twice, which is why the product never writes like that."""
    emulator.faults.add(Rule("POST /upload", "drop_after"))
    emulator.put("a", b"mine", retry=_QUICK)
    assert [write.status for write in emulator.app.writes] == [200, 200]
    assert emulator.app.calls["POST upload"] == 2


def test_calls_and_writes_are_counted(emulator: Emulator) -> None:
    """Every write is noted with its name, conditions and answer; reads are not."""
    blob = emulator.put("a", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        emulator.put("a", if_generation_match=0, retry=None)
    location = emulator.session("r")
    emulator.chunk(location, b"abc", "0-2/3")
    blob.metadata = {"k": "v"}
    blob.patch(if_metageneration_match=1)
    emulator.bucket.copy_blob(blob, emulator.bucket, "c")
    blob.delete(if_generation_match=blob.generation)
    emulator.http.put(
        "/pictures/x", content=b"x", headers={"x-goog-if-generation-match": "0"}
    )
    emulator.http.get(_OBJECT)
    seen = [
        (w.method, w.kind, w.name, dict(w.preconditions), w.status)
        for w in emulator.app.writes
    ]
    once = {"ifGenerationMatch": "0"}
    assert seen == [
        ("POST", "upload", "a", once, 200),
        ("POST", "upload", "a", once, 412),
        ("POST", "upload", "r", {}, 200),
        ("PATCH", "object", "a", {"ifMetagenerationMatch": "1"}, 200),
        ("POST", "copy", "c", {}, 200),
        ("DELETE", "object", "a", {"ifGenerationMatch": str(blob.generation)}, 204),
        ("PUT", "xml", "x", {"x-goog-if-generation-match": "0"}, 200),
    ]
    assert {write.bucket for write in emulator.app.writes} == {"pictures"}
    assert emulator.app.calls["POST upload"] == 3
    assert emulator.app.calls["PUT upload"] == 1
    assert emulator.app.calls["GET object"] == 1


def test_one_write_a_second_to_one_name(emulator: Emulator) -> None:
    """Where the rule is on, the second write within a second is a 429; off, never."""
    for _ in range(3):
        emulator.put("a")
    blob = emulator.bucket.blob("a")
    emulator.app.limit_write_rate = True
    emulator.put("a")
    changes: list[Callable[[], object]] = [
        lambda: emulator.put("a", retry=None),
        lambda: blob.delete(retry=None),
        lambda: blob.patch(retry=None),
    ]
    for change in changes:
        with pytest.raises(exceptions.TooManyRequests, match="rate limit"):
            change()
    emulator.put("b")  # another name
    emulator.clock.step(1.0)
    emulator.put("a", retry=None)


def test_errors_have_googles_shape(emulator: Emulator) -> None:
    """A 404 of the JSON API names code, message, domain and reason."""
    answer = emulator.http.get(_OBJECT)
    message = "No such object: pictures/a"
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {
        "error": {
            "code": 404,
            "message": message,
            "errors": [{"message": message, "domain": "global", "reason": "notFound"}],
        }
    }


def test_create_bucket_may_be_repeated(emulator: Emulator) -> None:
    """The stack may create its buckets at each start; a bad name is an error."""
    emulator.put("a")
    emulator.app.create_bucket("pictures")
    assert emulator.names() == ["a"]
    with pytest.raises(Exception, match="Invalid bucket name"):
        emulator.app.create_bucket("../etc")


def test_connections_are_kept(emulator: Emulator) -> None:
    """One connection serves many requests, refused uploads included."""
    streams: set[object] = set()
    for _ in range(5):
        answer = emulator.http.post(
            "/upload/storage/v1/b/absent/o?uploadType=media&name=a", content=_BYTES
        )
        assert answer.status_code == 404
        streams.add(answer.extensions["network_stream"])
        assert "connection" not in answer.headers
    assert len(streams) == 1


def test_a_client_that_leaves_leaves_nothing(emulator: Emulator) -> None:
    """An upload cut by its client is no object, and no file stays."""

    def pieces() -> Iterator[bytes]:
        yield _BYTES
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        emulator.http.post(
            "/upload/storage/v1/b/pictures/o?uploadType=media&name=a",
            content=pieces(),
        )
    _until(lambda: emulator.files() == 0)
    assert emulator.names() == []
