from __future__ import annotations

import re

import pytest

from tests.lock import LOCKS, ROOT, digest, stamp


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_was_made_from_todays_dependencies(name: str) -> None:
    """A changed dependency without `make lock` is noticed here, without a network."""
    assert stamp(name) == digest(), f"{name} is stale: run `make lock`"


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_pins_and_hashes_everything_and_names_no_index(name: str) -> None:
    """Every requirement has one version and its hashes; no address stands in it."""
    text = (ROOT / name).read_text()
    pinned = re.findall(r"^[a-z0-9][a-z0-9._\[\],-]*==\S+", text, re.MULTILINE)
    named = re.findall(r"^[a-zA-Z0-9]", text, re.MULTILINE)
    assert len(pinned) == len(named) > 30
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "index" not in text


def test_what_is_deployed_holds_nothing_of_the_tests() -> None:
    """The bundle installs the runtime and no tool."""
    deployed = (ROOT / "requirements.txt").read_text()
    for tool in ("pytest", "ruff", "rich", "pillow", "google-genai", "openai"):
        assert f"\n{tool}==" not in deployed
