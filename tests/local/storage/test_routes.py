"""Laws of addresses: unknown is 404, wrong method 405, left out 501 by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.local.storage.conftest import Emulator


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/", 200, "storage"),
        ("GET", "/storage/v2/b", 404, "No such path"),
        ("GET", "/upload/x", 404, "No such path"),
        ("GET", "/batch/storage/v1", 404, "No such path"),
        ("DELETE", "/storage/v1/b", 405, "it has GET, POST"),
        ("POST", "/storage/v1/b/pictures/o/a", 405, "POST is not a method"),
        ("PUT", "/storage/v1/b/pictures/o", 405, "PUT is not a method"),
        ("GET", "/upload/storage/v1/b/pictures/o", 405, "GET is not a method"),
        ("PATCH", "/download/storage/v1/b/pictures/o/a", 405, "PATCH"),
        ("DELETE", "/pictures/a", 405, "<Code>MethodNotAllowed</Code>"),
        ("POST", "/pictures/a", 405, "<Code>MethodNotAllowed</Code>"),
        ("GET", "/storage/v1/b/pictures/acl", 501, "acl is not implemented"),
        ("GET", "/storage/v1/b/pictures/o/a/acl/x", 501, "acl is not implemented"),
        ("GET", "/storage/v1/projects/p/hmacKeys", 501, "hmacKeys is not"),
        ("POST", "/storage/v1/b/pictures/o/a/restore", 501, "restore is not"),
        ("GET", "/pictures", 501, "<Code>NotImplemented</Code>"),
        ("GET", "/pictures/absent", 404, "<Code>NoSuchKey</Code>"),
        ("GET", "/absent/a", 404, "<Code>NoSuchBucket</Code>"),
        ("GET", "/storage/v1/b/absent/o/a", 404, "bucket does not exist"),
    ],
)
def test_each_address_answers_as_what_it_is(
    emulator: Emulator, method: str, path: str, status: int, says: str
) -> None:
    """No address and no method is silently something else."""
    answer = emulator.http.request(method, path)
    assert answer.status_code == status
    assert says in answer.text
