"""A running emulator and the real client library on it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from functions.local.faults import Faults
from functions.local.serving import Background
from functions.local.storage.server import StorageApp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUCKET = "pictures"


class FakeClock:
    """Stands still until a test steps it."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def now(self) -> float:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += seconds

    def step(self, seconds: float) -> None:
        self.at += seconds


def client_of(url: str) -> Any:  # the library has no types
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client's own, about its future
        return storage.Client(
            project="demo",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": url},
        )


def http_of(url: str) -> httpx.Client:
    # Without certificates to load, which takes 40 ms a client.
    return httpx.Client(base_url=url, timeout=20, verify=False)  # noqa: S501  # plain http


@dataclass
class Emulator:
    """One emulator below `root`; `restart` comes back on the same port."""

    root: Path
    clock: FakeClock = field(default_factory=FakeClock)
    faults: Faults = field(default_factory=Faults)
    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.start()
        self.app.create_bucket(BUCKET)
        self.client = client_of(self.url)
        self.bucket = self.client.bucket(BUCKET)
        self.http = http_of(self.url)

    def start(self, port: int = 0) -> None:
        self.app = StorageApp(
            self.root,
            clock=self.clock,
            faults=self.faults,
            publish=lambda *notice: self.sent.append(notice),
        )
        self._background = Background(self.app, port=port).start()
        (self.url,) = self._background.urls

    def stop(self) -> None:
        self._background.stop()
        self.app.close()

    def restart(self) -> None:
        self.stop()
        self.start(httpx.URL(self.url).port or 0)

    def close(self) -> None:
        self.http.close()
        self.client._http.close()
        self.client.close()
        self.stop()

    def put(
        self, name: str, data: bytes = b"x", **options: Any
    ) -> Any:  # the library has no types
        blob = self.bucket.blob(name)
        blob.upload_from_string(data, **options)
        return blob

    def session(self, name: str, **options: Any) -> str:  # httpx's
        """Start a resumable upload and return its address."""
        answer = self.http.post(
            f"/upload/storage/v1/b/{BUCKET}/o",
            params={"uploadType": "resumable", "name": name},
            **{"json": {}, **options},
        )
        assert answer.status_code == 200, answer.text
        return answer.headers["location"]

    def chunk(self, location: str, data: bytes, span: str) -> httpx.Response:
        headers = {"content-range": f"bytes {span}"}
        return self.http.put(location, content=data, headers=headers)

    def names(self) -> list[str]:
        return [blob.name for blob in self.client.list_blobs(BUCKET)]

    def files(self) -> int:
        return len(list((self.root / "blobs").iterdir()))


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    running = Emulator(tmp_path / "storage")
    yield running
    running.close()
