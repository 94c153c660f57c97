"""Our Cloud Storage emulator with faults, and the product's own way to talk to it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpx
import pytest

from functions.cloud.media import Media
from functions.local.faults import Faults, Rule
from functions.local.serving import Background
from functions.local.storage.server import StorageApp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET: Final = "images"


def noise(size: int) -> bytes:
    """Return bytes that no two places of repeat."""
    return hashlib.shake_128(b"plantain").digest(size)


class LeapClock:
    """Real time, but waiting costs none: it leaps."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.ahead = 0.0

    def now(self) -> float:
        return time.monotonic() + self.ahead

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.ahead += seconds


@dataclass
class Stand:
    """One emulator with the bucket `images`, and a client of ours."""

    app: StorageApp
    url: str
    faults: Faults
    clock: LeapClock
    media: Media
    client: httpx.Client  # a stranger's
    rules: list[Rule] = field(default_factory=list)

    def fault(self, rule: Rule) -> Rule:
        """Add a rule that must have fired when the test ends."""
        self.rules.append(rule)
        return self.faults.add(rule)

    def names(self, bucket: str = BUCKET) -> list[str]:
        answer = self.client.get(f"{self.url}/storage/v1/b/{bucket}/o").json()
        return [item["name"] for item in answer.get("items", [])]

    def describe(self, name: str, bucket: str = BUCKET) -> dict[str, Any]:
        path = f"{self.url}/storage/v1/b/{bucket}/o/{quote(name, safe='')}"
        found: dict[str, Any] = self.client.get(path).raise_for_status().json()
        return found

    def read(self, name: str, bucket: str = BUCKET) -> bytes:
        path = f"{self.url}/storage/v1/b/{bucket}/o/{quote(name, safe='')}"
        return self.client.get(f"{path}?alt=media").raise_for_status().content

    def put(self, name: str, data: bytes, bucket: str = BUCKET, **meta: str) -> int:
        """Store an object as a stranger would; return its generation."""
        path = f"{self.url}/upload/storage/v1/b/{bucket}/o"
        session = self.client.post(
            path, params={"uploadType": "resumable", "name": name}, json=meta
        ).raise_for_status()
        stored = self.client.put(session.headers["location"], content=data)
        return int(stored.raise_for_status().json()["generation"])

    def delete(self, name: str, bucket: str = BUCKET) -> None:
        path = f"{self.url}/storage/v1/b/{bucket}/o/{quote(name, safe='')}"
        self.client.delete(path).raise_for_status()


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """Share one client: each loads all certificates of the world."""
    with httpx.Client(trust_env=False) as made:
        yield made


@pytest.fixture
def stand(tmp_path: Path, client: httpx.Client) -> Iterator[Stand]:
    """Serve an emulator; a fault that never fired fails its test."""
    faults, clock = Faults(), LeapClock()
    app = StorageApp(tmp_path / "storage", clock=clock, faults=faults)
    app.limit_write_rate = False
    with Background(app) as (url,):
        app.create_bucket(BUCKET)
        media = Media(clock, url=url)
        made = Stand(app, url, faults, clock, media, client)
        yield made
        media.close()
    app.close()
    assert [rule for rule in made.rules if not rule.fired] == []
