"""Laws of the index: all or nothing, and numbers that only rise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions.local.storage.errors import ApiError
from functions.local.storage.index import Index
from functions.local.storage.records import Session

if TYPE_CHECKING:
    from pathlib import Path


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    """Neither the rows nor what should come after them; also from a nested block."""
    index = Index(tmp_path / "index.db")
    done: list[str] = []

    def fail() -> None:
        with index.transaction():
            index.save_bucket({"name": "outer"})
            index.afterwards(lambda: done.append("outer"))
            with index.transaction():
                index.save_bucket({"name": "inner"})
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (index.buckets(), done) == ([], [])
    index.close()


def test_a_nested_transaction_happens_with_the_outer(tmp_path: Path) -> None:
    """What comes afterwards comes once, after both."""
    index = Index(tmp_path / "index.db")
    done: list[int] = []
    with index.transaction():
        with index.transaction():
            index.save_bucket({"name": "b"})
            index.afterwards(lambda: done.append(len(index.buckets())))
        assert done == []
    assert done == [1]
    index.close()


def test_generations_rise_over_restarts(tmp_path: Path) -> None:
    """With the clock standing, going back, and a new process."""
    seen: list[int] = []
    for now in (5.0, 5.0, 1.0):
        index = Index(tmp_path / "index.db")
        with index.transaction():
            seen += [index.next_generation(now), index.next_generation(now)]
        index.close()
    assert seen == sorted(set(seen))
    assert seen[0] == 5_000_000


def test_sessions_are_kept_and_settled(tmp_path: Path) -> None:
    """A session comes back as it was, with its end once it has one."""
    session = Session(
        id="s",
        bucket="b",
        name="n",
        meta={"metadata": {"k": "v"}},
        conditions={"ifGenerationMatch": "0"},
        blob=7,
        created=1.0,
    )
    index = Index(tmp_path / "index.db")
    index.save_session(session)
    index.close()
    index = Index(tmp_path / "index.db")
    assert index.session("s") == session
    assert index.blobs() == {7}
    index.settle_session("s", 200, {"name": "n"})
    ended = index.session("s")
    assert ended
    assert (ended.status, ended.body) == (200, {"name": "n"})
    assert index.blobs() == set()
    index.remove_sessions(before=2.0)
    assert index.session("s") is None
    index.close()


def test_a_missing_bucket_is_an_error(tmp_path: Path) -> None:
    """A bucket that is not there is a 404."""
    index = Index(tmp_path / "index.db")
    with pytest.raises(ApiError) as raised:
        index.bucket("b")
    assert raised.value.status == 404
    index.close()
