from __future__ import annotations

import pytest

from functions.cloud.windows import GRAIN, WINDOW, Windows


def test_a_window_given_back_serves_the_next_borrower() -> None:
    """A used window is lent again, so none is made or cleared for each picture."""
    windows = Windows()
    first = windows.take()
    assert len(first) == WINDOW
    windows.give(first)
    assert windows.take() is first


def test_no_window_has_two_borrowers() -> None:
    """While one is out, the next asker gets another."""
    windows = Windows()
    assert windows.take() is not windows.take()


def test_only_a_few_are_kept() -> None:
    """A burst leaves no more memory behind than `keep` windows."""
    windows = Windows(keep=1, size=GRAIN)
    lent = [windows.take() for _ in range(3)]
    for window in lent:
        windows.give(window)
    assert windows.take() is lent[0]
    assert all(windows.take() is not window for window in lent)


@pytest.mark.parametrize("size", [0, 1, GRAIN - 1, GRAIN + 1])
def test_a_size_that_cloud_storage_would_refuse_is_refused_at_once(size: int) -> None:
    """Chunks but the last are multiples of 256 KiB, so windows are."""
    with pytest.raises(ValueError, match="multiple"):
        Windows(size=size)
