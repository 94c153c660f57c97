from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions import wiring
from functions.clock import StepClock, SystemClock
from functions.job.errors import ConfigurationError
from functions.probe import _nothing

if TYPE_CHECKING:
    from tests.world import World

KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "NANO_BANANA_API_KEY")


def test_an_instance_is_built_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request of an instance shares the neighbours and the holder's name."""
    for name, value in world.environ().items():
        monkeypatch.setenv(name, value)
    wiring._built.cache_clear()
    one = wiring.walk("generate")
    assert wiring.walk("generate") is one
    assert wiring.walk("edit").holder != one.holder
    for kind in ("generate", "edit"):
        wiring.walk(kind).close()
    wiring._built.cache_clear()


def test_an_environment_with_gaps_starts_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first request says everything that is missing."""
    for name in (*KEYS, "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    wiring._built.cache_clear()
    with pytest.raises(ConfigurationError, match="PLANTAIN_STATE_BUCKET"):
        wiring.walk("generate")


def test_time_is_the_machines_unless_a_test_says_otherwise(world: World) -> None:
    """No clock file, no step."""
    found = world.settings()
    assert isinstance(wiring.clock(found), StepClock)
    environ = world.environ() | {"PLANTAIN_CLOCK_FILE": ""}
    from functions.settings import read  # noqa: PLC0415

    assert isinstance(wiring.clock(read(environ)), SystemClock)


def test_the_probe_is_armed_only_where_it_is_set(world: World) -> None:
    """In the cloud every step costs nothing."""
    assert world.walk().at is _nothing
    armed = wiring.build(world.settings(PLANTAIN_PROBE="kill:arriving"), "generate")
    assert armed.at is not _nothing
    armed.close()
