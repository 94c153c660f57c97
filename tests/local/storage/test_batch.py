"""Laws of batches: every part is answered, in order, on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.local.storage.conftest import Emulator


def test_the_client_deletes_in_a_batch(emulator: Emulator) -> None:
    """Three deletes in one request."""
    for name in "abcd":
        emulator.put(name)
    with emulator.client.batch():
        for name in "abc":
            emulator.bucket.blob(name).delete()
    assert emulator.names() == ["d"]
    assert emulator.app.calls["POST batch"] == 1
    assert emulator.app.calls["DELETE object"] == 3


def test_one_failure_does_not_undo_the_others(emulator: Emulator) -> None:
    """A part that fails is its own failure; a patch with a body works."""
    blob = emulator.put("a")
    other = emulator.put("b")
    blob.metadata = {"k": "v"}
    batch = emulator.client.batch(raise_exception=False)
    with batch:
        blob.patch()
        emulator.bucket.blob("absent").delete()
        other.delete()
    assert [answer.status_code for answer in batch._responses] == [200, 404, 204]
    assert emulator.names() == ["a"]
    assert emulator.bucket.get_blob("a").metadata == {"k": "v"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b--\r\n",
        b"--b\r\ncontent-type: application/http\r\n\r\n\r\n--b--\r\n",
        b"--b\r\ncontent-type: application/http\r\n\r\nGET\r\n--b--\r\n",
        b"--b\r\n\r\nGET /storage/v1/b/pictures/o/a?alt=media HTTP/1.1\r\n--b--\r\n",
        b"--b\r\n\r\nGET / HTTP/1.1\r\n" * 101 + b"--b--\r\n",
    ],
)
def test_what_is_no_batch_is_refused(emulator: Emulator, body: bytes) -> None:
    """No part, no request line, a download, too many parts: a 400."""
    emulator.put("a")
    headers = {"content-type": "multipart/mixed; boundary=b"}
    answer = emulator.http.post("/batch/storage/v1", headers=headers, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 400


def test_a_batch_without_boundary_is_refused(emulator: Emulator) -> None:
    """A batch says in its header where its parts end."""
    assert emulator.http.post("/batch/storage/v1", content=b"x").status_code == 400
