"""The name of every object and event, worked out from keys alone.

The law: a name is made of fixed words, numbers and hashes, so nothing a caller sends
can leave its place or meet another caller's object, and the same outcome always has
the same name, whoever works it out. Only `destination` uses names that people chose.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Final

EXTENSIONS: Final = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/avif": ".avif",
    "image/heic": ".heic",
}
_IMAGE_ENDINGS: Final = (*EXTENSIONS.values(), ".jpeg", ".heif")
_SAFE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def _hash(*parts: str) -> str:
    """Return 32 hex digits; the separator keeps ("a", "bc") from ("ab", "c")."""
    text = "\0".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def job_hash(job_id: str) -> str:
    """Return the file-safe stand-in for a job's key."""
    return _hash("job", job_id)


def folder(job_id: str) -> str:
    """Return the prefix in the state bucket under which all of a job lies."""
    return f"jobs/{job_hash(job_id)}/"


def record(job_id: str) -> str:
    """Return the object that holds the job's record."""
    return f"{folder(job_id)}record.json"


def request(job_id: str) -> str:
    """Return the object that holds the job's request."""
    return f"{folder(job_id)}request.json"


def manifest(job_id: str, fence: int, n: int) -> str:
    """Return the object that says what attempt `n` of holder `fence` brought."""
    return f"{folder(job_id)}a{fence}-{n}/manifest.json"


def sent(job_id: str, event: str) -> str:
    """Return the mark that an event of the job was accepted by the topic."""
    return f"{folder(job_id)}sent/{_file_safe(event)}"


def pictures(job_id: str, fence: int, n: int) -> str:
    """Return the prefix, in the images bucket, of what one attempt brought."""
    return f"{job_hash(job_id)}/a{fence}-{n}/"


def picture(job_id: str, fence: int, n: int, index: int) -> str:
    """Return the object of one picture of one attempt."""
    return f"{pictures(job_id, fence, n)}{index}"


def due_minute(at: float) -> str:
    """Return the prefix of everything due in the minute of `at`; sorts by time."""
    return f"due/{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M}/"


def due(job_id: str, at: float, n: int) -> str:
    """Return the object that wakes a job at `at` for the `n`-th time."""
    return f"{due_minute(at)}{job_hash(job_id)}-{n}"


def poison(message_id: str, at: float) -> str:
    """Return the object that keeps what is known of a poison message.

    `at` is the publish time where it is known: it is the same at each delivery.
    """
    day = datetime.fromtimestamp(at, UTC)
    return f"poison/{day:%Y%m%d}/{_file_safe(message_id)}"


def event_id(job_id: str, event_type: str, of: str | int = "") -> str:
    """Return the id of an event, the same at every publish of the same outcome.

    A job ends once, so its end needs no `of`. What may happen several times to one
    job (deferred, attention, conflict) says in `of` which time it was.
    """
    return _hash("event", job_id, event_type, str(of))


def poison_event_id(message_id: str) -> str:
    """Return the id of the event about a message that never became a job."""
    return _hash("poison", message_id)


def destination(job_id: str, prefix: str, name: str | None, content_type: str) -> str:
    """Return the name of the copy that people see.

    A name that already ends like a picture stays as its owner wrote it; any other
    gets the ending of what the bytes are.
    """
    place = f"{prefix.rstrip('/')}/" if prefix else ""
    leaf = name if name is not None else job_hash(job_id)
    if not leaf.lower().endswith(_IMAGE_ENDINGS):
        leaf += EXTENSIONS.get(content_type, "")
    return place + leaf


def _file_safe(text: str) -> str:
    """Return `text`, or where it could do harm in a name, "~" and its hash."""
    return text if _SAFE.fullmatch(text) else f"~{_hash('text', text)}"
