"""Settings of one instance: the only reader of the process environment.

Frozen, read once, and refused as a whole: every gap is named in one error, so a
deployment is mended once and not variable by variable.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from functions.job.errors import ConfigurationError
from functions.job.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Mapping

NATIVE_URL: Final = "https://generativelanguage.googleapis.com"
DEFAULT_MODEL: Final = "gemini-nano-banana-2.1"

# The first one set wins, so a job-specific key beats what other tools use.
KEY_NAMES: Final = ("NANO_BANANA_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY")
# What tells one host from another; job/host.py reads the meaning.
HOST_NAMES: Final = (
    "K_SERVICE",
    "K_REVISION",
    "CLOUD_RUN_JOB",
    "FUNCTION_NAME",
    "FUNCTION_TARGET",
    "AWS_LAMBDA_FUNCTION_NAME",
    "KUBERNETES_SERVICE_HOST",
    "CI",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an instance is told; secrets stay out of its repr."""

    project: str
    state_bucket: str
    images_bucket: str
    inbox_bucket: str = ""
    events_topic: str = "image-events"
    key: str = field(default="", repr=False)
    key_alias: str = ""
    model_base_url: str = NATIVE_URL
    model_version: str = "v1beta"
    default_model: str = DEFAULT_MODEL
    reference_buckets: tuple[str, ...] = ()
    reference_hosts: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    drains: int = 4
    storage_url: str = ""
    pubsub_emulator: str = ""  # host:port
    timing: Timing = field(default_factory=Timing)
    host: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""
    clock_file: Path | None = None
    probe: str = ""

    @property
    def emulated(self) -> bool:
        """Whether Cloud Storage is an emulator, which takes no credentials."""
        return bool(self.storage_url)


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of this process.

    Raises:
        ConfigurationError: naming every variable that is missing or wrong.

    """
    gaps: list[str] = []
    alias = next((name for name in KEY_NAMES if environ.get(name)), "")
    if not alias:
        gaps.append(f"GEMINI_API_KEY (or {KEY_NAMES[0]}, {KEY_NAMES[2]}) is not set")
    project = _required(environ, gaps, "GOOGLE_CLOUD_PROJECT")
    state = _required(environ, gaps, "PLANTAIN_STATE_BUCKET")
    images = _required(environ, gaps, "PLANTAIN_IMAGES_BUCKET")
    if state and state == images:
        gaps.append(
            "PLANTAIN_IMAGES_BUCKET must not be the state bucket: records and"
            " pictures have different readers"
        )
    timing = _timing(environ, gaps)
    drains = _number(environ, gaps, "PLANTAIN_DRAINS", 4.0)
    _refuse_seams(environ, gaps)
    if gaps:
        raise ConfigurationError("; ".join(gaps))
    clock = environ.get("PLANTAIN_CLOCK_FILE", "")
    return Settings(
        project=project,
        state_bucket=state,
        images_bucket=images,
        inbox_bucket=environ.get("PLANTAIN_INBOX_BUCKET", ""),
        events_topic=environ.get("PLANTAIN_EVENTS_TOPIC", "image-events"),
        key=environ.get(alias, "").strip(),
        key_alias=alias,
        model_base_url=environ.get("PLANTAIN_MODEL_BASE_URL", NATIVE_URL).rstrip("/"),
        model_version=environ.get("PLANTAIN_MODEL_VERSION", "v1beta"),
        default_model=environ.get("PLANTAIN_DEFAULT_MODEL", DEFAULT_MODEL),
        reference_buckets=_list(environ, "PLANTAIN_REFERENCE_BUCKETS"),
        reference_hosts=_list(environ, "PLANTAIN_REFERENCE_HOSTS"),
        destinations=_list(environ, "PLANTAIN_DESTINATIONS"),
        drains=max(1, int(drains)),
        storage_url=_url(environ.get("STORAGE_EMULATOR_HOST", "")),
        pubsub_emulator=environ.get("PUBSUB_EMULATOR_HOST", ""),
        timing=timing,
        host={name: environ[name] for name in HOST_NAMES if environ.get(name)},
        revision=environ.get("K_REVISION", ""),
        clock_file=Path(clock) if clock else None,
        probe=environ.get("PLANTAIN_PROBE", ""),
    )


def _required(environ: Mapping[str, str], gaps: list[str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        gaps.append(f"{name} is not set")
    return value


def _list(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(
        part.strip() for part in environ.get(name, "").split(",") if part.strip()
    )


def _url(host: str) -> str:
    """Return an emulator's address with its scheme; the client libraries allow both."""
    if not host or "://" in host:
        return host.rstrip("/")
    return f"http://{host}"


def _number(
    environ: Mapping[str, str], gaps: list[str], name: str, default: float
) -> float:
    text = environ.get(name, "")
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        gaps.append(f"{name} must be a positive number")  # it may be a misplaced key
        return default
    return value


def _timing(environ: Mapping[str, str], gaps: list[str]) -> Timing:
    """Return the deadlines; each may be set as PLANTAIN_<FIELD>_SECONDS."""
    values = {
        name: _number(environ, gaps, f"PLANTAIN_{name.upper()}_SECONDS", default)
        for name, default in dataclasses.asdict(Timing()).items()
    }
    try:
        return Timing(**values)
    except ValueError as error:
        gaps.append(f"PLANTAIN_*_SECONDS contradict each other: {error}")
        return Timing()


def _refuse_seams(environ: Mapping[str, str], gaps: list[str]) -> None:
    """Refuse test seams in a deployed function: they would stop or fool it."""
    gaps.extend(
        f"{name} is for tests and must not be set where K_SERVICE is"
        for name in ("PLANTAIN_CLOCK_FILE", "PLANTAIN_PROBE")
        if environ.get(name) and environ.get("K_SERVICE")
    )
