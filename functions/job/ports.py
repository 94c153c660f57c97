"""What a job needs from the world, as protocols; joined to real things in wiring.

Siblings (`cloud`, `gemini`, `webhook`, `image`) never import each other: whatever
crosses between them is one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from functions.job.problem import Problem
    from functions.job.request import Request

Buffer = bytes | bytearray | memoryview


class Clock(Protocol):
    """Time, in seconds since the epoch."""

    def now(self) -> float:
        """Return the time."""
        ...

    def wait(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class Objects(Protocol):
    """Small objects of the state bucket, each write under a precondition."""

    def create(self, name: str, body: bytes) -> int | None:
        """Write an object that must not exist; return its generation.

        None when other content stands there already. Our own content, found after
        a lost reply, counts as written.
        """
        ...

    def replace(self, name: str, body: bytes, generation: int) -> int | None:
        """Replace exactly `generation`; return the new one, None when it is gone."""
        ...

    def read(self, name: str) -> tuple[bytes, int] | None:
        """Return content and generation, None when there is no such object."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery of one message, whatever it was wrapped in."""

    message_id: str
    attempt: int | None = None  # None: the subscription has no dead-letter policy
    data: bytes | None = field(default=None, repr=False)
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)
    subscription: str = ""
    publish_time: float | None = None  # seconds since the epoch
    trace: str = ""  # W3C traceparent of the publisher, "" if none
    source: str = ""  # ce-source: //pubsub.googleapis.com/projects/P/topics/T


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What the bytes of a picture say of themselves."""

    content_type: str  # from the magic bytes, "application/octet-stream" if unknown
    width: int | None
    height: int | None
    c2pa: bool  # a C2PA manifest was seen in the bytes read so far


class Sniffer(Protocol):
    """Looks at the first bytes of one picture as they pass."""

    def feed(self, data: Buffer) -> None:
        """Take the next bytes; cheap, and does nothing once all is known."""
        ...

    def facts(self) -> PictureFacts:
        """Return what is known by now."""
        ...


Sniff = Callable[[], Sniffer]


@dataclass(frozen=True, slots=True)
class Stored:
    """One object in a bucket, as the bucket itself confirmed it."""

    uri: str  # gs://bucket/name
    generation: int
    content_type: str
    size: int  # bytes
    crc32c: str  # base64, as Cloud Storage writes it; equal to what we computed
    sha256: str  # hex
    width: int | None = None
    height: int | None = None
    c2pa: bool = False
    draft: bool = False  # an earlier picture of the same answer, not the result


class Album(Protocol):
    """The pictures of one attempt, on their way into the bucket while they arrive.

    Calls come in the order begin, write*, end(thought). Nothing is visible in the
    bucket before `keep`; `drop` leaves no trace. The last picture that is not a
    thought is the result; earlier ones are drafts, kept only where asked for.
    """

    def begin(self) -> None:
        """Start a picture."""
        ...

    def write(self, data: Buffer) -> None:
        """Take decoded bytes of the picture begun last."""
        ...

    def end(self, *, thought: bool) -> None:
        """Close the picture begun last; a thought is dropped at once."""
        ...

    def pictures(self) -> tuple[PictureFacts, ...]:
        """Return the facts of the pictures that `keep` would keep, result last."""
        ...

    def keep(self) -> tuple[Stored, ...]:
        """Make the pictures visible, verify their checksums, return result last."""
        ...

    def drop(self) -> None:
        """Cancel every upload; harmless when nothing was begun or after `keep`."""
        ...


class Reference(Protocol):
    """One reference picture of an edit, opened and measured, not yet read whole."""

    @property
    def content_type(self) -> str:
        """Return the type that the bytes show."""
        ...

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the start; may be called again for a repeat."""
        ...


class References(Protocol):
    """Opens reference pictures by address."""

    def open(self, uri: str) -> Reference:
        """Return the picture behind `gs://`, `https://` or `data:`.

        Raises:
            ReferenceRefusedError: the address, its size or its type is not allowed.
            NeighbourUnavailableError: the place did not answer; try again later.

        """
        ...


Failure = Literal[
    "unsent",  # proven: no byte of the request reached the model
    "timeout",  # sent, no (whole) answer in time
    "dropped",  # sent, the connection ended before a status line
    "cut",  # an answer began and ended early
    "too_large",  # the answer passed the bounds of the scanner
    "malformed",  # a whole answer, but a picture or its encoding cannot be decoded
    "not_a_picture",  # what came as a picture is none by its bytes
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from the model, pictures and signatures cut out.

    `body` is the decoded JSON (object or list) in which each picture's base64 is
    replaced by "@picture" and each other long string by "@cut"; a `str` holding at
    most the first 64 KiB when it was not one JSON document; None when none came.
    """

    status: int | None
    body: object = field(repr=False)
    failure: Failure | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    # What the model wrote beside the picture, thoughts left out.
    text: str = field(default="", repr=False)
    grounding: Mapping[str, Any] = field(default_factory=dict)  # searches, sources
    pictures: int = 0  # pictures handed to the album that are not thoughts
    sent_at: float | None = None  # clock, None while `failure` is "unsent"
    first_byte_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One paid call to make."""

    request: Request
    model: str  # resolved id
    references: tuple[Reference, ...]
    timeout: float  # seconds for the whole call
    trace: str = ""  # W3C traceparent of the publisher, "" if none


class Model(Protocol):
    """The image model by one route."""

    @property
    def route(self) -> str:
        """Return the route's name in settings."""
        ...

    def ask(self, call: Call, album: Album, *, alive: Callable[[], bool]) -> Answer:
        """Send the call, stream its pictures into `album`, return the rest.

        Never raises for what the model or the network does; `alive` is asked
        between chunks and a False ends the call as "cut" (the lease was lost).

        Raises:
            UnsentError: a reference broke while it was being sent.

        """
        ...


class Events(Protocol):
    """The topic that completion events go to."""

    def warm(self) -> None:
        """Begin to load what publishing needs, without waiting for it."""
        ...

    def publish(self, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish one message and return once it was accepted.

        Raises:
            NeighbourUnavailableError: it was not accepted in time.

        """
        ...


class Copies(Protocol):
    """Copies of finished pictures under the names that people chose."""

    def problem(self, bucket: str, name: str) -> Problem | None:
        """Return why the place can never be written, None where it may be."""
        ...

    def copy(self, picture: Stored, *, bucket: str, name: str) -> None:
        """Copy on the server side, once; our own copy found there is success.

        Raises:
            ReferenceRefusedError: the place is not allowed, or taken.
            NeighbourUnavailableError: the bucket did not answer in time.

        """
        ...


@dataclass(frozen=True, slots=True)
class Priced:
    """One model as the catalogue knows it, towards one request."""

    model: str  # id that is sent
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    pixels: tuple[int, int] | None = None  # nominal size of the order
    price: float | None = None  # USD a picture, list price
    inline_most: int = 20_000_000  # bytes of all references, in base64
    input_types: tuple[str, ...] = ()  # of references; empty: not known


class Catalog(Protocol):
    """What is known of the models."""

    def price(self, request: Request, model: str) -> Priced:
        """Return `model` (an id or alias) resolved, checked and priced."""
        ...
