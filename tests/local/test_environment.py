from __future__ import annotations

from pathlib import Path

import pytest

from functions import settings
from functions.local import environment, network, topology
from functions.local.state import StateDir

PORTS = network.Ports({"storage": 1, "model": 2, "pubsub": 3, "control": 4})
STATE = StateDir(Path("somewhere"))


def of(environ: dict[str, str], *, live: bool = False) -> dict[str, str]:
    return environment.of_functions(
        environ, PORTS, STATE, pubsub="127.0.0.1:3", live=live
    )


def test_the_functions_accept_what_they_are_given() -> None:
    """The product's own reader finds no gap, and every address is of loopback."""
    found = settings.read(of({}))
    assert found.project == topology.PROJECT
    assert found.emulated
    assert found.storage_url == "http://127.0.0.1:1"
    assert found.model_base_url == "http://127.0.0.1:2"
    assert found.clock_file is not None
    assert found.clock_file.is_absolute()
    assert topology.INBOX_BUCKET in found.reference_buckets
    assert found.state_bucket not in found.reference_buckets


@pytest.mark.parametrize("name", settings.KEY_NAMES)
def test_a_key_of_the_shell_never_reaches_the_stand_in(name: str) -> None:
    """Without --live no real key is given to any process."""
    found = of({name: "real-secret"})
    assert "real-secret" not in found.values()
    assert settings.read(found).key == environment.STAND_IN_KEY


@pytest.mark.parametrize("name", settings.KEY_NAMES)
def test_live_uses_the_key_and_the_real_address(name: str) -> None:
    """With --live the key that the product would take is handed on, and no other."""
    found = settings.read(of({name: "real-secret"}, live=True))
    assert found.key == "real-secret"
    assert found.model_base_url == settings.NATIVE_URL


def test_live_without_a_key_names_the_remedy() -> None:
    """There is no way to ask the real API without a key."""
    with pytest.raises(environment.NoKeyError, match="GEMINI_API_KEY"):
        environment.key({"GEMINI_API_KEY": ""})


@pytest.mark.parametrize(
    "name",
    [*settings.HOST_NAMES, "GOOGLE_APPLICATION_CREDENTIALS", "PLANTAIN_STATE_BUCKET"],
)
def test_the_shell_cannot_lead_the_functions_elsewhere(name: str) -> None:
    """Marks of a host, credentials and our own settings do not leak in."""
    assert of({name: "elsewhere"}).get(name) != "elsewhere"


def test_what_people_may_choose_is_handed_on() -> None:
    """PATH and the like stay, as do the settings that a person may try out."""
    given = {"PATH": "/bin", "PLANTAIN_DEFAULT_MODEL": "m", "PLANTAIN_DRAINS": "2"}
    assert given.items() <= of(given).items()


def test_no_proxy_stands_between_the_functions_and_loopback() -> None:
    """A proxy of the shell is kept for the rest, never used for the emulators."""
    found = of({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "intern"})
    assert found["NO_PROXY"] == "intern,127.0.0.1,localhost"
    assert found["no_proxy"] == "127.0.0.1,localhost"
    assert found["HTTPS_PROXY"] == "http://proxy"
