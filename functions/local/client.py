"""The system from outside, through Google's real client libraries.

The law: what the command and the tests see is what any publisher and subscriber
would see: published messages, records in the state bucket, events from a
subscription. Nothing here knows the inside of an emulator or a function.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import grpc
import requests
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import PubsubMessage

from functions.job import names
from functions.job.record import Record
from functions.local import topology
from functions.local.state import NoStackError

if TYPE_CHECKING:
    from types import TracebackType

_PATIENCE: Final = Retry(timeout=5.0)  # a person waits
_CALL: Final = 5.0  # s for one call
_MESSAGE: Final = 32 << 20  # bytes; gRPC's default refuses a pulled message of 5 MB


class UnreachableError(NoStackError):
    """Cloud Storage or Pub/Sub does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a system is: the local stack, or a project of Google Cloud."""

    project: str = topology.PROJECT
    state_bucket: str = topology.STATE_BUCKET
    images_bucket: str = topology.IMAGES_BUCKET
    events_topic: str = topology.EVENTS_TOPIC
    storage: str = ""  # base URL of an emulator, "" for Google's
    pubsub: str = ""  # host:port of an emulator, "" for Google's

    def environ(self) -> dict[str, str]:
        """Return the variables by which real client libraries find this place."""
        found = {
            "GOOGLE_CLOUD_PROJECT": self.project,
            "STORAGE_EMULATOR_HOST": self.storage,
            "PUBSUB_EMULATOR_HOST": self.pubsub,
        }
        return {name: value for name, value in found.items() if value}


class Neighbours:
    """Cloud Storage and Pub/Sub of one place; close it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._channel = _channel(place.pubsub) if place.pubsub else None
        self.publisher = _publisher(self._channel)
        self.subscriber = _subscriber(self._channel)
        self._session = requests.Session()
        self._session.trust_env = False  # the same for proxies
        self.storage = _storage(place, self._session)

    def publish(
        self, data: bytes, topic: str, attributes: dict[str, str] | None = None
    ) -> str:
        """Publish one message; return its id.

        Raises:
            UnreachableError: Pub/Sub does not answer or has no such topic.

        """
        path = topology.topic_path(topic, self.place.project)
        message = PubsubMessage(data=data, attributes=attributes or {})
        try:
            answer = self.publisher.publish(
                topic=path, messages=[message], retry=_PATIENCE, timeout=_CALL
            )
        except exceptions.GoogleAPIError as error:
            raise UnreachableError(_pubsub_says(path, error)) from error
        return str(answer.message_ids[0])

    def read(self, bucket: str, name: str) -> bytes | None:
        """Return an object's content, None when there is none.

        Raises:
            UnreachableError: Cloud Storage does not answer or does not let us.

        """
        try:
            found: bytes = (
                self.storage.bucket(bucket)
                .blob(name)
                .download_as_bytes(retry=_PATIENCE, timeout=_CALL)
            )
        except exceptions.NotFound:
            return None
        except (exceptions.GoogleAPIError, requests.RequestException) as error:
            raise UnreachableError(_storage_says(bucket, error)) from error
        return found

    def fetch(self, uri: str) -> bytes | None:
        """Return the content of a gs:// address."""
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        return self.read(bucket, name)

    def record(self, job_id: str) -> Record | None:
        """Return a job's record, None while nobody has claimed it."""
        data = self.read(self.place.state_bucket, names.record(job_id))
        return None if data is None else Record.from_json(data)

    def records(self, limit: int) -> list[Record]:
        """Return the jobs whose records changed last, the latest first."""
        bucket = self.place.state_bucket
        try:
            blobs = list(
                self.storage.list_blobs(
                    bucket, prefix="jobs/", retry=_PATIENCE, timeout=_CALL
                )
            )
        except (exceptions.GoogleAPIError, requests.RequestException) as error:
            raise UnreachableError(_storage_says(bucket, error)) from error
        ours = [blob for blob in blobs if blob.name.endswith("/record.json")]
        ours.sort(key=lambda blob: blob.updated, reverse=True)
        found = (self.read(bucket, blob.name) for blob in ours[:limit])
        return [Record.from_json(data) for data in found if data is not None]

    def close(self) -> None:
        """Close every connection."""
        self.publisher.transport.close()
        self.subscriber.transport.close()
        self.storage.close()
        self._session.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


def place_of(description: dict[str, Any]) -> Place:
    """Return the place that a running stack announced."""
    fields = {field.name for field in dataclasses.fields(Place)}
    told = description["place"]
    return Place(**{name: value for name, value in told.items() if name in fields})


def _channel(address: str) -> grpc.Channel:
    return grpc.insecure_channel(
        address,
        options=[
            ("grpc.max_receive_message_length", _MESSAGE),
            ("grpc.enable_http_proxy", 0),  # no proxy stands between us and loopback
            ("grpc.use_local_subchannel_pool", 1),  # nor an earlier stack's state
        ],
    )


def _publisher(channel: grpc.Channel | None) -> PublisherClient:
    if channel is None:
        return PublisherClient()
    return PublisherClient(transport=PublisherGrpcTransport(channel=channel))


def _subscriber(channel: grpc.Channel | None) -> SubscriberClient:
    if channel is None:
        return SubscriberClient()
    return SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))


def _storage(place: Place, session: requests.Session) -> storage.Client:
    if not place.storage:
        return storage.Client(project=place.project)
    return storage.Client(
        project=place.project,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": place.storage},
        _http=session,
    )


def _pubsub_says(path: str, error: exceptions.GoogleAPIError) -> str:
    if isinstance(error, exceptions.NotFound):
        return (
            f"{path} does not exist; check --project, or start the stack with"
            " `plantain up`."
        )
    if isinstance(error, exceptions.PermissionDenied | exceptions.Unauthenticated):
        return (
            f"Pub/Sub does not let you publish to {path}; you need"
            " roles/pubsub.publisher there."
        )
    return (
        f"Pub/Sub did not take the request ({type(error).__name__}); nothing was"
        " ordered. Is the stack still running? Try again."
    )


def _storage_says(bucket: str, error: Exception) -> str:
    if isinstance(error, exceptions.Forbidden | exceptions.Unauthorized):
        return (
            f"Cloud Storage does not let you read the bucket {bucket}; you need"
            " roles/storage.objectViewer there."
        )
    return (
        f"Cloud Storage did not answer for the bucket {bucket}"
        f" ({type(error).__name__}); the job goes on without you. Is the stack still"
        " running? Look again with `plantain status`."
    )
