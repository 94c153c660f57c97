"""Which host this is, from its environment, and how it bears waiting and repeating.

Detection reads a mapping that it is given and nothing else, so every host can be
tried on a laptop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a host allows; `name` is written into every attempt."""

    name: str
    repeats: int = 2  # identical repeats of a verdict that is chance
    backoff: float = 2.0  # seconds, doubled each time
    backoff_most: float = 60.0
    wait_most: float = 120.0  # longest pause worth holding an instance for


# First match wins: a Cloud Run job or a Lambda may also run inside CI.
_HOSTS: Final[tuple[tuple[str, Profile], ...]] = (
    ("AWS_LAMBDA_FUNCTION_NAME", Profile(name="lambda_like", wait_most=60.0)),
    ("CLOUD_RUN_JOB", Profile(name="cloud_run_job", wait_most=300.0)),
    ("K_SERVICE", Profile(name="cloud_run_function")),
    ("FUNCTION_NAME", Profile(name="first_gen_function", wait_most=60.0)),
    ("KUBERNETES_SERVICE_HOST", Profile(name="gke", wait_most=300.0)),
    ("CI", Profile(name="ci", wait_most=30.0)),
)
_LAPTOP: Final = Profile(name="laptop")


def detect(environ: Mapping[str, str]) -> Profile:
    """Return the profile of the host whose environment this is."""
    return next((p for name, p in _HOSTS if environ.get(name)), _LAPTOP)
