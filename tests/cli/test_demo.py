from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions.local.running import RunningStack
    from tests.cli.conftest import Ran

JPEG = b"\xff\xd8\xff"


def pictures(root: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((root / "demo").iterdir())]


def test_from_nothing_to_two_pictures(tmp_path: Path) -> None:
    """A stack of its own, a picture, an edit of it, both saved, nothing left over."""
    began = time.monotonic()
    ran = shell("demo", "--state", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    text = ran.stdout.decode()
    assert text.count("gs://plantain-local-images/") == 2
    assert text.count("settled") == 2
    edit, picture = pictures(tmp_path)
    assert edit != picture
    assert edit.startswith(JPEG)
    assert picture.startswith(JPEG)
    assert not (tmp_path / "stack.json").exists()
    print(f"demo: {time.monotonic() - began:.1f} s")  # noqa: T201  # figure of the README


def test_a_running_stack_is_used(on: Callable[..., Ran], stack: RunningStack) -> None:
    """It makes its two pictures there and leaves the stack running."""
    before = stack.model.meter.paid
    ran = on("demo")
    assert ran.code == 0, ran.err
    assert stack.model.meter.paid == before + 2
    assert "stack up in" not in ran.out
    assert stack.stack.state.read()["pid"]


def test_live_is_not_pretended(on: Callable[..., Ran]) -> None:
    """A running stand-in does not pass for the real API."""
    ran = on("demo", "--live")
    assert ran.code == 1
    assert "stand-in" in ran.err


@pytest.mark.parametrize("key", ["GEMINI_API_KEY"])
def test_live_without_a_key_starts_nothing(tmp_path: Path, key: str) -> None:
    """The key is asked for before any process is born."""
    keys = dict.fromkeys((key, "GOOGLE_API_KEY", "NANO_BANANA_API_KEY"), "")
    ran = shell("demo", "--live", "--state", str(tmp_path), environ=keys)
    assert ran.returncode == 1
    assert key.encode() in ran.stderr
