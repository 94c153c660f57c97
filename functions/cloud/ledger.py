"""The state bucket: small objects, each write conditional, read back after a 412.

The client library repeats a write whose reply was lost and then reports a conflict
with our own bytes; hence every 412 is read back and compared. The law: no write
without a generation, no exception of Google's past this module.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from functions.job.errors import NeighbourUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TRY: Final = 10.0  # s for one try; the library's own default is 60
_JSON: Final = "application/json"


class Ledger:
    """Objects of one bucket, through google-cloud-storage; thread-safe."""

    def __init__(
        self, bucket: str, *, project: str, budget: float, emulator: str = ""
    ) -> None:
        self._name = bucket
        self._project = project
        self._budget = budget
        self._emulator = emulator
        self._lock = threading.Lock()
        self._loaded: Any = None

    def close(self) -> None:
        """Close the kept connections."""
        with self._lock:
            loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.bucket.client.close()

    def create(self, name: str, body: bytes) -> int | None:
        """Write an object that must not exist; see `job.ports.Objects`."""
        return self._write(name, body, 0)

    def replace(self, name: str, body: bytes, generation: int) -> int | None:
        """Replace exactly `generation`; see `job.ports.Objects`."""
        return self._write(name, body, generation)

    def read(self, name: str) -> tuple[bytes, int] | None:
        """Return content and generation; see `job.ports.Objects`."""
        api = self._api()
        blob = api.bucket.blob(name)
        try:
            body: bytes = api.call(blob.download_as_bytes)
        except api.not_found:
            return None
        return body, int(blob.generation)

    def _write(self, name: str, body: bytes, generation: int) -> int | None:
        api = self._api()
        blob = api.bucket.blob(name)
        try:
            api.call(
                blob.upload_from_string,
                body,
                content_type=_JSON,
                if_generation_match=generation,
                checksum="crc32c",
            )
        except api.conflict:
            found = self.read(name)
            ours = found is not None and found[0] == body
            return found[1] if found is not None and ours else None
        except api.not_found:
            # A generation to replace that was deleted, or the bucket itself.
            if generation and self.read(name) is None:
                return None
            raise NeighbourUnavailableError(
                f"The bucket {self._name!r} does not exist: create it or correct"
                " PLANTAIN_STATE_BUCKET."
            ) from None
        return int(blob.generation)

    def _api(self) -> _Api:
        with self._lock:
            if self._loaded is None:
                self._loaded = _Api(
                    self._name, self._project, self._budget, self._emulator
                )
            loaded: _Api = self._loaded
            return loaded


class _Api:
    """google-cloud-storage, loaded when first needed: it is half of a cold start."""

    def __init__(self, bucket: str, project: str, budget: float, emulator: str) -> None:
        from google.api_core import exceptions  # noqa: PLC0415  # see the class
        from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
        from google.cloud import storage  # noqa: PLC0415
        from google.cloud.storage.retry import DEFAULT_RETRY  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415

        options: Mapping[str, Any] = (
            {
                "credentials": AnonymousCredentials(),
                "client_options": {"api_endpoint": emulator},
            }
            if emulator
            else {}
        )
        self.bucket = storage.Client(project=project, **options).bucket(bucket)
        self.conflict = exceptions.PreconditionFailed
        self.not_found = exceptions.NotFound
        self._retry = DEFAULT_RETRY.with_timeout(budget)
        self._down = (
            exceptions.GoogleAPICallError,
            exceptions.RetryError,
            GoogleAuthError,
            RequestException,
        )
        self._name = bucket

    def call(self, method: Callable[..., Any], *args: object, **more: object) -> Any:  # noqa: ANN401  # whatever the library returns
        """Call `method` within the budget; what is not its meaning becomes ours."""
        try:
            return method(*args, **more, retry=self._retry, timeout=_TRY)
        except (self.conflict, self.not_found):
            raise
        except self._down as error:
            raise NeighbourUnavailableError(
                f"Cloud Storage did not take or give a record in {self._name!r}"
                f" ({type(error).__name__}): check the bucket and that our service"
                " account has roles/storage.objectUser on it; the queue delivers again."
            ) from None
