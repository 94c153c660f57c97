from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from functions.local.network import SERVICES
from tests.cli.conftest import shell
from tests.local.stacks import announced, up

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what `plantain up` says of a whole life with one picture."""
    tmp_path = tmp_path_factory.mktemp("up")
    process = up(tmp_path)
    try:
        announced(tmp_path)
        ran = shell("generate", "a pear", "--id", "seen", "--state", str(tmp_path))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    return said


def test_it_says_where_everything_is_and_what_happens(text: str) -> None:
    """Addresses, the next command, then the functions' steps, then the end."""
    lines = text.splitlines()
    assert lines[0].startswith("up in ")
    for name in (*SERVICES, "generate", "edit"):
        assert any(line.split()[:1] == [name] for line in lines), name
    assert "plantain generate" in text
    assert "Ctrl-C" in text
    assert "settled" in text
    assert "job=seen" in text
    assert lines[-1] == "stopping"


def test_a_prompt_is_never_on_the_terminal(text: str) -> None:
    """What people order is nobody's business, not even the terminal's."""
    assert "a pear" not in text.replace('"a pear on a plate"', "")


def test_live_without_a_key_is_refused_at_once(tmp_path: Path) -> None:
    """One sentence, exit code 1, and no process was started."""
    keys = dict.fromkeys(
        ("GEMINI_API_KEY", "GOOGLE_API_KEY", "NANO_BANANA_API_KEY"), ""
    )
    ran = shell("up", "--live", "--state", str(tmp_path), environ=keys)
    assert ran.returncode == 1
    assert b"GEMINI_API_KEY" in ran.stderr
    assert b"Traceback" not in ran.stderr
