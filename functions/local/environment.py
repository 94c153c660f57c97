"""The environment of the functions on this machine, and what the shell says of it.

The law: the functions see the emulators and the stand-in, and nothing of the shell
that could lead them elsewhere: no key but the stand-in's unless `live`, no host
marks, no proxy for loopback.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from functions import settings
from functions.job.errors import PlantainError
from functions.local import topology

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.local.network import Ports
    from functions.local.state import StateDir

THREADS: Final = 32  # as deployed: concurrency of one instance
STAND_IN_KEY: Final = "local-stand-in"
_READABLE: Final = (topology.INBOX_BUCKET, topology.IMAGES_BUCKET)
_LOOPBACK: Final = "127.0.0.1,localhost"
_FOREIGN: Final = (
    *settings.KEY_NAMES,
    *settings.HOST_NAMES,
    "FUNCTION_SOURCE",
    "FUNCTION_SIGNATURE_TYPE",
    "FUNCTION_USE_ASGI",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "DEBUG",
    "PORT",
)


class NoKeyError(PlantainError):
    """`--live` was asked for without a key."""


def shell() -> dict[str, str]:
    """Return a copy of this process's environment, to be handed on to children."""
    return dict(os.environ)  # noqa: TID251  # children inherit what the shell set


def key(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return name and value of the key of the real API.

    Raises:
        NoKeyError: none is set.

    """
    for name in settings.KEY_NAMES:
        if environ.get(name):
            return name, environ[name]
    raise NoKeyError(
        "--live asks the real API and needs its key: set GEMINI_API_KEY, or leave"
        " --live out to use the stand-in."
    )


def of_functions(
    environ: Mapping[str, str],
    ports: Ports,
    state: StateDir,
    *,
    pubsub: str,
    live: bool = False,
) -> dict[str, str]:
    """Return the environment that every function shares."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in _FOREIGN and not name.startswith("PLANTAIN_")
    }
    model = (
        dict([key(environ)])
        if live
        else {
            "GEMINI_API_KEY": STAND_IN_KEY,
            "PLANTAIN_MODEL_BASE_URL": ports.url("model"),
        }
    )
    kept |= {
        name: environ[name]
        for name in ("PLANTAIN_DEFAULT_MODEL", "PLANTAIN_DRAINS")
        if name in environ
    }
    return kept | model | neighbours(ports, pubsub, environ) | _own(state)


def neighbours(ports: Ports, pubsub: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what real client libraries need to find the emulators."""
    return {
        "GOOGLE_CLOUD_PROJECT": topology.PROJECT,
        "STORAGE_EMULATOR_HOST": ports.url("storage"),
        "PUBSUB_EMULATOR_HOST": pubsub,
        **{
            name: f"{environ[name]},{_LOOPBACK}" if environ.get(name) else _LOOPBACK
            for name in ("NO_PROXY", "no_proxy")
        },
    }


def _own(state: StateDir) -> dict[str, str]:
    return {
        "PLANTAIN_STATE_BUCKET": topology.STATE_BUCKET,
        "PLANTAIN_IMAGES_BUCKET": topology.IMAGES_BUCKET,
        "PLANTAIN_INBOX_BUCKET": topology.INBOX_BUCKET,
        "PLANTAIN_EVENTS_TOPIC": topology.EVENTS_TOPIC,
        "PLANTAIN_REFERENCE_BUCKETS": ",".join(_READABLE),
        "PLANTAIN_DESTINATIONS": topology.IMAGES_BUCKET,
        "PLANTAIN_CLOCK_FILE": str(state.clock.absolute()),
        "THREADS": str(THREADS),
        "WORKERS": "1",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # 32 threads would each grow a heap of their own
    }
